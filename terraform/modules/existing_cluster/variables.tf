variable "location" {
  description = "The cluster's zone or region."
  type        = string
  nullable    = false
}

variable "name" {
  description = "The cluster's name."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "The Google Cloud project."
  type        = string
  nullable    = false
}
