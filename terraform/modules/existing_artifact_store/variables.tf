variable "bucket" {
  description = "The bucket's name."
  type        = string
  nullable    = false
}

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

variable "name_prefix" {
  description = "The folder of this environment, in which the others are."
  type        = string
  nullable    = false
}
