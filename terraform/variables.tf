# environment/terraform_variables.py gives all of these. Defaults are the roles' (environment/roles.py), so none is here.

variable "artifact_store" {
  description = "The artifact store: `existing`, the name of a `bucket` to use instead of making one; `location`, a region or multi-region of Cloud Storage."
  type = object({
    existing = object({
      bucket = string
    })
    location = string
  })
  nullable = false

  validation {
    condition     = can(regex("^[A-Za-z]+[A-Za-z0-9-]*$", var.artifact_store.location))
    error_message = "artifact_store.location must be a location of Cloud Storage, such as us-central1 or EU."
  }
}

variable "cluster" {
  description = "The GKE cluster: `authorized_networks`, the ranges in CIDR notation that may reach its endpoint (none: any address may, with credentials); `deletion_protection`; `disk_size_gib` of a node, in GiB; `existing`, `name` and `location` of a cluster to use instead of making one; `machine_type` of a node; `max_nodes` and `min_nodes` per zone; `release_channel`: RAPID, REGULAR or STABLE."
  type = object({
    authorized_networks = list(string)
    deletion_protection = bool
    disk_size_gib       = number
    existing = object({
      location = string
      name     = string
    })
    machine_type    = string
    max_nodes       = number
    min_nodes       = number
    release_channel = string
  })
  nullable = false

  validation {
    condition     = var.cluster.min_nodes >= 0 && var.cluster.max_nodes >= 1 && var.cluster.min_nodes <= var.cluster.max_nodes
    error_message = "cluster.min_nodes must be 0 or more, and cluster.max_nodes 1 or more and not below it."
  }
}

variable "components" {
  description = "The optional parts: `dataflow` and `notebooks` bring an account and what it needs; `training` and `prediction` bring roles on Vertex AI."
  type = object({
    dataflow   = bool
    notebooks  = bool
    prediction = bool
    training   = bool
  })
  nullable = false
}

variable "database" {
  description = "The Cloud SQL instance: `backups`, daily; `deletion_protection`; `existing`, the name of an `instance` to use instead of making one; `highly_available`, with a standby in a second zone; `instance_suffix`, the end of its name, since Google blocks a deleted instance's name for a week; `point_in_time_recovery`; `private_ip`, whether it has no public address; `tier`, its machine; `version`."
  type = object({
    backups             = bool
    deletion_protection = bool
    existing = object({
      instance = string
    })
    highly_available       = bool
    instance_suffix        = string
    point_in_time_recovery = bool
    private_ip             = bool
    tier                   = string
    version                = string
  })
  nullable = false
}

variable "environment" {
  description = "The environment's name, which becomes a label."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$", var.environment))
    error_message = "environment must have 1 to 30 lower-case letters, digits and hyphens, and begin with a letter."
  }
}

variable "labels" {
  description = "Labels of everything that takes labels, beside `environment`, `managed-by` and `role`, which these win over."
  type        = map(string)
  nullable    = false

  validation {
    condition     = alltrue([for key, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))])
    error_message = "labels must have keys and values of at most 63 lower-case letters, digits, hyphens and underscores."
  }
}

variable "name_prefix" {
  description = "What every resource's name begins with, at most 19 characters."
  type        = string
  nullable    = false

  # A service account's name has 6 to 30 characters, and the longest that follows from the prefix ends in -kfp-system.
  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,17}[a-z0-9])?$", var.name_prefix))
    error_message = "name_prefix must have 1 to 19 lower-case letters, digits and hyphens, begin with a letter and not end in a hyphen."
  }
}

variable "namespace" {
  description = "The Kubernetes namespace of Kubeflow Pipelines, whose service accounts get Workload Identity."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.namespace))
    error_message = "namespace must be a Kubernetes name: 1 to 63 lower-case letters, digits and hyphens."
  }
}

variable "network" {
  description = "The VPC's address ranges, in CIDR notation and apart from each other: `existing`, a VPC to use instead of making one, by the names of `network`, `subnetwork` and its secondary ranges `pods_range` and `services_range`, in another `project` where that is not null; `master_cidr` of the control plane, a /28; `pods_cidr`; `private_services_cidr` of Cloud SQL; `services_cidr` of Kubernetes Services; `subnet_cidr` of nodes. `private_cluster`: whether nodes have no public addresses."
  type = object({
    existing = object({
      network        = string
      pods_range     = string
      project        = string
      services_range = string
      subnetwork     = string
    })
    master_cidr           = string
    pods_cidr             = string
    private_cluster       = bool
    private_services_cidr = string
    services_cidr         = string
    subnet_cidr           = string
  })
  nullable = false
}

variable "notebook" {
  description = "The Workbench instance: `machine_type`."
  type = object({
    machine_type = string
  })
  nullable = false
}

variable "project_id" {
  description = "The Google Cloud project, which holds this environment alone."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be a project's ID, not its number: 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "region" {
  description = "The region of everything, such as us-central1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be a region, such as us-central1; a zone belongs into zone."
  }
}

variable "role" {
  description = "The environment's role, which becomes a label: dev, staging or prod."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["dev", "staging", "prod"], var.role)
    error_message = "role must be dev, staging or prod."
  }
}

variable "zone" {
  description = "The zone of cluster, database and notebook, such as us-central1-a; null makes the cluster regional."
  type        = string

  validation {
    condition     = var.zone == null ? true : can(regex("^[a-z]+-[a-z]+[0-9]+-[a-z]$", var.zone))
    error_message = "zone must be a zone, such as us-central1-a, or null for a regional cluster."
  }
}
