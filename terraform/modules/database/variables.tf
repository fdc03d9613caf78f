variable "backups" {
  description = "Whether the instance is backed up every day, at 03:00 UTC."
  type        = bool
  default     = false
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether Terraform and Cloud SQL itself refuse to delete the instance."
  type        = bool
  nullable    = false
}

variable "highly_available" {
  description = "Whether a standby waits in a second zone; needs backups."
  type        = bool
  default     = false
  nullable    = false
}

variable "labels" {
  description = "Labels of the instance, which takes none from the provider's default labels."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "name_prefix" {
  description = "What the instance's name begins with."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,60}[a-z0-9])?$", var.name_prefix))
    error_message = "name_prefix must have lower-case letters, digits and hyphens, and begin with a letter."
  }
}

variable "name_suffix" {
  description = "What the instance's name ends in: Google blocks a deleted instance's name for a week, so a new one takes a new suffix."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]{1,12}$", var.name_suffix))
    error_message = "name_suffix must have 1 to 12 lower-case letters and digits."
  }
}

variable "network_id" {
  description = "The VPC that the instance has a private address in, with private services access."
  type        = string
  nullable    = false
}

variable "point_in_time_recovery" {
  description = "Whether the binary log is kept, to recover to any point in time; needs backups."
  type        = bool
  default     = false
  nullable    = false
}

variable "private_ip" {
  description = "Whether the instance has no public address; the Cloud SQL proxy reaches it either way."
  type        = bool
  default     = true
  nullable    = false
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

variable "region" {
  description = "The instance's region."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be a region, such as us-central1."
  }
}

variable "tier" {
  description = "The instance's machine, such as db-custom-1-3840: 1 CPU and 3840 MiB of memory."
  type        = string
  default     = "db-custom-1-3840"
  nullable    = false

  validation {
    condition     = startswith(var.tier, "db-")
    error_message = "tier must be a tier of Cloud SQL, such as db-custom-1-3840."
  }
}

variable "version_name" {
  description = "MySQL's release; only MYSQL_8_0 is known to work."
  type        = string
  default     = "MYSQL_8_0"
  nullable    = false

  validation {
    condition     = var.version_name == "MYSQL_8_0"
    error_message = "version must be MYSQL_8_0: 8.4 switches off the login that Kubeflow Pipelines' metadata service uses, and a minor release would be withdrawn one day."
  }
}

variable "zone" {
  description = "The zone that an instance without standby prefers; null leaves it to Cloud SQL."
  type        = string
  default     = null
}
