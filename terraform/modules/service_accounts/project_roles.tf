locals {
  # What people and pipelines that run experiments start jobs with.
  job_roles = concat(
    ["roles/bigquery.jobUser"],
    local.vertex_ai ? ["roles/aiplatform.user"] : [],
    var.components.dataflow ? ["roles/dataflow.developer"] : [],
  )

  project_roles = {
    # Google's least role for nodes, and images: https://cloud.google.com/kubernetes-engine/docs/how-to/hardening-your-cluster
    node     = ["roles/artifactregistry.reader", "roles/container.defaultNodeServiceAccount"]
    system   = ["roles/cloudsql.client"]
    user     = local.job_roles
    notebook = concat(local.job_roles, ["roles/logging.logWriter", "roles/monitoring.metricWriter"])
    dataflow = ["roles/dataflow.worker"]
  }

  project_grants = merge([
    for key in keys(local.accounts) : { for role in local.project_roles[key] : "${key}/${role}" => { account = key, role = role } }
  ]...)
}

resource "google_project_iam_member" "this" {
  for_each = local.project_grants

  project = var.project_id
  role    = each.value.role
  member  = local.members[each.value.account]
}
