output "id" {
  description = "The VPC, as \"projects/PROJECT/global/networks/NAME\"."
  value       = data.google_compute_network.this.id
}

output "name" {
  description = "The VPC's name."
  value       = data.google_compute_network.this.name
}

output "pods_range" {
  description = "Name of the subnet's secondary range for pods."
  value       = var.pods_range
}

output "private_services_network_id" {
  description = "The VPC's `id`: private services access is its owner's."
  value       = data.google_compute_network.this.id
}

output "project_id" {
  description = "The project that the VPC is in."
  value       = var.project_id
}

output "services_range" {
  description = "Name of the subnet's secondary range for Kubernetes Services."
  value       = var.services_range
}

output "subnetwork" {
  description = "The subnet's name."
  value       = data.google_compute_subnetwork.this.name
}

output "subnetwork_id" {
  description = "The subnet, as \"projects/PROJECT/regions/REGION/subnetworks/NAME\"."
  value       = data.google_compute_subnetwork.this.id
}
