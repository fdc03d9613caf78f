variable "bucket" {
  description = "Name of the artifact store's bucket, which the accounts read and write."
  type        = string
  nullable    = false
}

variable "components" {
  description = "The optional parts: `dataflow` and `notebooks` bring an account each; `dataflow`, `training` and `prediction` let the others start jobs there."
  type = object({
    dataflow   = bool
    notebooks  = bool
    prediction = bool
    training   = bool
  })
  nullable = false
}

variable "name_prefix" {
  description = "What every account's name begins with, at most 19 characters."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,17}[a-z0-9])?$", var.name_prefix))
    error_message = "name_prefix must have 1 to 19 lower-case letters, digits and hyphens: a service account's name has at most 30."
  }
}

variable "namespace" {
  description = "The Kubernetes namespace of Kubeflow Pipelines."
  type        = string
  default     = "kubeflow"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.namespace))
    error_message = "namespace must be a Kubernetes name: 1 to 63 lower-case letters, digits and hyphens."
  }
}

variable "nodes" {
  description = "Whether there are nodes of our own, which get an account."
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

variable "workload_pool" {
  description = "The cluster's identity pool, \"PROJECT.svc.id.goog\", from the cluster itself: it does not exist before."
  type        = string
  nullable    = false

  validation {
    condition     = endswith(var.workload_pool, ".svc.id.goog")
    error_message = "workload_pool must be an identity pool, such as my-project.svc.id.goog."
  }
}
