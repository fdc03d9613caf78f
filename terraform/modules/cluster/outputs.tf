output "endpoint" {
  description = "Address of the Kubernetes API, without scheme, once nodes are there and the control plane reaches them."
  value       = google_container_cluster.this.endpoint
  depends_on  = [google_container_node_pool.this, google_compute_firewall.control_plane]
}

output "location" {
  description = "The cluster's zone or region."
  value       = google_container_cluster.this.location
}

output "name" {
  description = "The cluster's name."
  value       = google_container_cluster.this.name
}

output "workload_pool" {
  description = "The identity pool of Workload Identity, \"PROJECT.svc.id.goog\". It exists with the project's first cluster, so bindings must take it from here."
  value       = google_container_cluster.this.workload_identity_config[0].workload_pool
}
