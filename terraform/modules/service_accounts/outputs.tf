output "dataflow" {
  description = "Email of the account of Dataflow's workers, null when the component is off."
  value       = var.components.dataflow ? google_service_account.this["dataflow"].email : null
  depends_on  = [google_project_iam_member.this, google_storage_bucket_iam_member.this]
}

output "node" {
  description = "Email of the account of the GKE nodes, null where the nodes are not ours."
  value       = var.nodes ? google_service_account.this["node"].email : null

  # Not the bindings of Workload Identity: they wait for the cluster, which waits for this.
  depends_on = [google_project_iam_member.this]
}

output "notebook" {
  description = "Email of the notebook's account, null when the component is off."
  value       = var.components.notebooks ? google_service_account.this["notebook"].email : null
  depends_on  = [google_project_iam_member.this, google_storage_bucket_iam_member.this]
}

output "system" {
  description = "Email of the account of Kubeflow Pipelines itself."
  value       = google_service_account.this["system"].email
  depends_on = [
    google_project_iam_member.this,
    google_service_account_iam_member.workload_identity,
    google_storage_bucket_iam_member.this,
  ]
}

output "user" {
  description = "Email of the account that the steps of pipelines run as."
  value       = google_service_account.this["user"].email
  depends_on = [
    google_project_iam_member.this,
    google_service_account_iam_member.act_as,
    google_service_account_iam_member.workload_identity,
    google_storage_bucket_iam_member.this,
  ]
}
