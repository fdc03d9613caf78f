variable "folders" {
  description = "Names of folders to make in the bucket, without slashes."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for name in var.folders : can(regex("^[a-z0-9_-]+$", name))])
    error_message = "folders must be names of lower-case letters, digits, hyphens and underscores."
  }
}

variable "location" {
  description = "A region or multi-region of Cloud Storage."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z]+[A-Za-z0-9-]*$", var.location))
    error_message = "location must be a location of Cloud Storage, such as us-central1 or EU."
  }
}

variable "name_prefix" {
  description = "What the bucket's name contains after the project, since bucket names are global."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$", var.name_prefix))
    error_message = "name_prefix must have 1 to 40 lower-case letters, digits and hyphens, and begin with a letter."
  }
}

variable "old_versions_days" {
  description = "How many days a version is kept after it was replaced or deleted."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.old_versions_days >= 1 && floor(var.old_versions_days) == var.old_versions_days
    error_message = "old_versions_days must be a whole number of days, 1 or more."
  }
}

variable "project_id" {
  description = "The Google Cloud project."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be a project's ID, not its number."
  }
}
