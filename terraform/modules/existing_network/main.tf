# Somebody's VPC, possibly of another project (Shared VPC): read, never changed. What it must fulfil is checked before any
# plan: docs/existing-resources.md.

data "google_compute_network" "this" {
  name    = var.name
  project = var.project_id
}

data "google_compute_subnetwork" "this" {
  name    = var.subnetwork
  project = var.project_id
  region  = var.region

  lifecycle {
    postcondition {
      condition     = endswith(self.network, "/${data.google_compute_network.this.id}")
      error_message = "The subnetwork ${var.subnetwork} is not in the network ${var.name}."
    }
  }
}
