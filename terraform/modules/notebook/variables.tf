variable "account" {
  description = "Email of the service account that the notebook runs as."
  type        = string
  nullable    = false
}

variable "disk_size_gib" {
  description = "Size of the disk for the notebook's files, in GiB."
  type        = number
  default     = 100
  nullable    = false

  validation {
    condition     = var.disk_size_gib >= 10 && var.disk_size_gib <= 65536
    error_message = "disk_size_gib must be from 10 to 65536 GiB."
  }
}

variable "idle_timeout_minutes" {
  description = "After how many idle minutes the instance stops."
  type        = number
  default     = 180
  nullable    = false

  validation {
    condition     = var.idle_timeout_minutes >= 10 && var.idle_timeout_minutes <= 1440
    error_message = "idle_timeout_minutes must be from 10 minutes to 1440, a day: Workbench takes no other."
  }
}

variable "machine_type" {
  description = "The instance's machine type."
  type        = string
  default     = "e2-standard-4"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]+$", var.machine_type))
    error_message = "machine_type must be a machine type of Compute Engine, such as e2-standard-4."
  }
}

variable "name_prefix" {
  description = "What the instance's name begins with."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$", var.name_prefix))
    error_message = "name_prefix must have 1 to 40 lower-case letters, digits and hyphens, and begin with a letter."
  }
}

variable "network" {
  description = "Where the instance lives: `id` of the VPC and `subnetwork_id`."
  type = object({
    id            = string
    subnetwork_id = string
  })
  nullable = false
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

variable "zone" {
  description = "The instance's zone."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+-[a-z]$", var.zone))
    error_message = "zone must be a zone, such as us-central1-a."
  }
}
