variable "dataflow" {
  description = "Whether Dataflow workers run in this VPC and may talk to each other."
  type        = bool
  default     = false
  nullable    = false
}

variable "name" {
  description = "The VPC's name."
  type        = string
  nullable    = false
}

variable "name_prefix" {
  description = "What the names of our firewall rules begin with."
  type        = string
  nullable    = false
}

variable "pods_range" {
  description = "Name of the subnet's secondary range for pods."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "The project that the VPC is in, of a Shared VPC its host project."
  type        = string
  nullable    = false
}

variable "region" {
  description = "The region of the subnet."
  type        = string
  nullable    = false
}

variable "service_project_id" {
  description = "The project of the environment: of a Shared VPC a service project. Its rules name it."
  type        = string
  nullable    = false
}

variable "services_range" {
  description = "Name of the subnet's secondary range for Kubernetes Services."
  type        = string
  nullable    = false
}

variable "subnetwork" {
  description = "The subnet's name."
  type        = string
  nullable    = false
}
