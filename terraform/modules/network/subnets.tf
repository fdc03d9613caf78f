locals {
  pods_range     = "pods"
  services_range = "services"
}

resource "google_compute_subnetwork" "this" {
  name                     = "${var.name_prefix}-subnetwork"
  project                  = var.project_id
  region                   = var.region
  network                  = google_compute_network.this.id
  ip_cidr_range            = var.ranges.nodes
  private_ip_google_access = true

  secondary_ip_range {
    range_name    = local.pods_range
    ip_cidr_range = var.ranges.pods
  }

  secondary_ip_range {
    range_name    = local.services_range
    ip_cidr_range = var.ranges.services
  }
}
