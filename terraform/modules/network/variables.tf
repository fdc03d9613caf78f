variable "dataflow" {
  description = "Whether Dataflow workers run in this VPC and may talk to each other."
  type        = bool
  default     = false
  nullable    = false
}

variable "name_prefix" {
  description = "What every resource's name begins with."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$", var.name_prefix))
    error_message = "name_prefix must have 1 to 40 lower-case letters, digits and hyphens, and begin with a letter."
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

variable "ranges" {
  description = "Address ranges in CIDR notation: `nodes`, `pods` and `services` of the cluster's subnet, `private_services` for Cloud SQL."
  type = object({
    nodes            = string
    pods             = string
    private_services = string
    services         = string
  })
  nullable = false

  validation {
    condition     = alltrue([for cidr in values(var.ranges) : try(cidrsubnet(cidr, 0, 0) == cidr, false)])
    error_message = "ranges must be IPv4 ranges in CIDR notation without host bits, such as 10.10.0.0/20."
  }

  # https://cloud.google.com/vpc/docs/configure-private-services-access: a /24 is the least that Google takes.
  validation {
    condition     = try(tonumber(split("/", var.ranges.private_services)[1]) <= 24, false)
    error_message = "ranges.private_services must be a /24 or larger."
  }
}

variable "region" {
  description = "The region of subnet, router and NAT."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be a region, such as us-central1."
  }
}
