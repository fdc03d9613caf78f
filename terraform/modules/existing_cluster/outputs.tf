output "endpoint" {
  description = "Address of the Kubernetes API, without scheme."
  value       = data.google_container_cluster.this.endpoint
}

output "location" {
  description = "The cluster's zone or region."
  value       = data.google_container_cluster.this.location
}

output "name" {
  description = "The cluster's name."
  value       = data.google_container_cluster.this.name
}

output "workload_pool" {
  description = "The identity pool of Workload Identity, \"PROJECT.svc.id.goog\"."
  value       = data.google_container_cluster.this.workload_identity_config[0].workload_pool
}
