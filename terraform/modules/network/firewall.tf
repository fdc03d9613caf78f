# Dataflow's workers shuffle data among each other on these ports and carry this tag. The default network would let
# them; a VPC of our own does not. https://cloud.google.com/dataflow/docs/guides/routes-firewall
resource "google_compute_firewall" "dataflow" {
  count = var.dataflow ? 1 : 0

  name        = "${var.name_prefix}-dataflow-workers"
  project     = var.project_id
  network     = google_compute_network.this.id
  description = "Dataflow workers of ${var.name_prefix} in ${var.project_id} among each other"
  direction   = "INGRESS"
  source_tags = ["dataflow"]
  target_tags = ["dataflow"]

  allow {
    protocol = "tcp"
    ports    = ["12345", "12346"]
  }
}
