# All identities of the environment and all their roles. Each grant adds one member and leaves the rest of the policy
# alone (…_iam_member), since others grant roles in the same project.

locals {
  vertex_ai = var.components.training || var.components.prediction

  accounts = merge(
    {
      system = { id = "kfp-system", title = "Kubeflow Pipelines" }
      user   = { id = "kfp-user", title = "Steps of pipelines" }
    },
    var.nodes ? { node = { id = "gke-node", title = "GKE nodes" } } : {},
    var.components.notebooks ? { notebook = { id = "notebook", title = "Notebook" } } : {},
    var.components.dataflow ? { dataflow = { id = "dataflow", title = "Dataflow workers" } } : {},
  )
  members = { for key, account in google_service_account.this : key => "serviceAccount:${account.email}" }
}

resource "google_service_account" "this" {
  for_each = local.accounts

  account_id   = "${var.name_prefix}-${each.value.id}"
  project      = var.project_id
  display_name = "${each.value.title} of ${var.name_prefix}"

  # A run that died right after the account was made finds it again.
  create_ignore_already_exists = true
}
