# With private nodes, GKE lets the control plane reach nodes on 443 and 10250 only. Kubeflow Pipelines needs two more:
# 8443, where its admission webhooks listen, and 8888, its API, which is asked through the API server's service proxy.
resource "google_compute_firewall" "control_plane" {
  count = var.private_nodes ? 1 : 0

  name          = "${var.name_prefix}-control-plane"
  project       = var.network.project_id
  network       = var.network.id
  description   = "Control plane of ${google_container_cluster.this.name} in ${var.project_id} to webhooks and services on its nodes"
  direction     = "INGRESS"
  source_ranges = [var.master_cidr]
  target_tags   = [local.node_tag]

  allow {
    protocol = "tcp"
    ports    = ["8443", "8888"]
  }
}
