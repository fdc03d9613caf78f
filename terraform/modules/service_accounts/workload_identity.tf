# Which Kubernetes service accounts of Kubeflow Pipelines act as which account. The overlay in kustomize/ annotates the
# same ones.

locals {
  kubernetes_accounts = {
    system = [
      "kubeflow-pipelines-cloudsql-proxy",
      "kubeflow-pipelines-minio-gcs-gateway",
      "ml-pipeline-ui",
      "ml-pipeline-visualizationserver",
    ]
    user = [
      "kubeflow-pipelines-container-builder",
      "kubeflow-pipelines-viewer",
      "pipeline-runner",
    ]
  }

  workload_identities = merge([
    for key, names in local.kubernetes_accounts : { for name in names : "${key}/${name}" => { account = key, name = name } }
  ]...)
}

resource "google_service_account_iam_member" "workload_identity" {
  for_each = local.workload_identities

  service_account_id = google_service_account.this[each.value.account].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "serviceAccount:${var.workload_pool}[${var.namespace}/${each.value.name}]"
}
