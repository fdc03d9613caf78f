# Private services access: the range from which Google gives Cloud SQL its address in this VPC.

resource "google_compute_global_address" "private_services" {
  name          = "${var.name_prefix}-private-services"
  project       = var.project_id
  network       = google_compute_network.this.id
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  address       = split("/", var.ranges.private_services)[0]
  prefix_length = tonumber(split("/", var.ranges.private_services)[1])
}

resource "google_service_networking_connection" "private_services" {
  network                 = google_compute_network.this.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.private_services.name]

  # Google refuses to remove the connection for hours after its last Cloud SQL instance is gone, and answers a new one
  # with an error while the old one lingers: leave it behind on destroy, take it over on create.
  deletion_policy         = "ABANDON"
  update_on_creation_fail = true
}
