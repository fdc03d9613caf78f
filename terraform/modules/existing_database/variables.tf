variable "instance" {
  description = "The instance's name."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "The Google Cloud project."
  type        = string
  nullable    = false
}
