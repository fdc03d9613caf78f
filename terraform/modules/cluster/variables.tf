variable "authorized_networks" {
  description = "Ranges in CIDR notation that may reach the cluster's endpoint; none means that any address may, with credentials."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for cidr in var.authorized_networks : can(cidrnetmask(cidr))])
    error_message = "authorized_networks must be IPv4 ranges in CIDR notation, such as 203.0.113.0/24."
  }
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to delete or replace the cluster."
  type        = bool
  nullable    = false
}

variable "labels" {
  description = "Labels of the nodes' machines; the cluster's own come from the provider's default labels."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "location" {
  description = "A zone, or a region for a cluster with nodes and control planes in several zones."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+(-[a-z])?$", var.location))
    error_message = "location must be a zone, such as us-central1-a, or a region, such as us-central1."
  }
}

variable "master_cidr" {
  description = "Range of the control plane, in CIDR notation; used with private nodes."
  type        = string
  nullable    = false

  validation {
    condition     = can(cidrnetmask(var.master_cidr)) && endswith(var.master_cidr, "/28")
    error_message = "master_cidr must be a /28, such as 172.16.0.0/28: GKE takes no other size."
  }
}

variable "name_prefix" {
  description = "What every resource's name begins with."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$", var.name_prefix))
    error_message = "name_prefix must have 1 to 32 lower-case letters, digits and hyphens: GKE takes names of 40 characters."
  }
}

variable "network" {
  description = "Where the cluster lives: `id` of the VPC and its `project_id`, `subnetwork_id`, and the names of the subnet's secondary ranges, `pods_range` and `services_range`."
  type = object({
    id             = string
    pods_range     = string
    project_id     = string
    services_range = string
    subnetwork_id  = string
  })
  nullable = false
}

variable "nodes" {
  description = "The node pool: `account`, the email of the nodes' service account; `disk_size_gib`, in GiB; `machine_type`; `max_count` and `min_count` per zone, between which the pool scales."
  type = object({
    account       = string
    disk_size_gib = optional(number, 100)
    machine_type  = optional(string, "e2-standard-4")
    max_count     = optional(number, 5)
    min_count     = optional(number, 1)
  })
  nullable = false

  validation {
    condition     = var.nodes.disk_size_gib >= 10 && var.nodes.disk_size_gib <= 65536
    error_message = "nodes.disk_size_gib must be from 10 to 65536 GiB."
  }

  validation {
    condition     = var.nodes.min_count >= 0 && var.nodes.max_count >= 1 && var.nodes.min_count <= var.nodes.max_count && var.nodes.max_count <= 1000
    error_message = "nodes.min_count must be 0 or more, nodes.max_count from 1 to 1000 and not below it."
  }
}

variable "private_nodes" {
  description = "Whether nodes have no public addresses; private ones cannot be had later, since the control plane's range is fixed when the cluster is made."
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

variable "release_channel" {
  description = "Which GKE releases the cluster follows: RAPID, REGULAR or STABLE."
  type        = string
  default     = "REGULAR"
  nullable    = false

  validation {
    condition     = contains(["RAPID", "REGULAR", "STABLE"], var.release_channel)
    error_message = "release_channel must be RAPID, REGULAR or STABLE."
  }
}
