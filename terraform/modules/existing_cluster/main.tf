# Somebody's cluster: read, never changed, and no node pool of ours in it.

data "google_container_cluster" "this" {
  name     = var.name
  location = var.location
  project  = var.project_id

  lifecycle {
    postcondition {
      condition     = length(self.workload_identity_config) == 1
      error_message = "The cluster ${var.name} has no Workload Identity."
    }
  }
}
