output "location" {
  description = "The instance's zone."
  value       = google_workbench_instance.this.location
}

output "name" {
  description = "The instance's name."
  value       = google_workbench_instance.this.name
}

output "proxy_uri" {
  description = "The host that JupyterLab is opened at."
  value       = google_workbench_instance.this.proxy_uri
}
