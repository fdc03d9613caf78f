# The environment's own VPC: nothing here counts on a project's default network, which hardened projects do not have.

resource "google_compute_network" "this" {
  name                    = "${var.name_prefix}-network"
  project                 = var.project_id
  description             = "VPC of the ML environment ${var.name_prefix}"
  auto_create_subnetworks = false
  routing_mode            = "REGIONAL"
}
