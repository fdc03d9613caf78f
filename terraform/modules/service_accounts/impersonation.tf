# Who may start something that runs as an account of ours.

locals {
  starters = concat(["user"], var.components.notebooks ? ["notebook"] : [])

  act_as = merge(
    # A Vertex AI job is handed the account of whoever starts it.
    local.vertex_ai ? { for key in local.starters : "${key}/${key}" => { starter = key, account = key } } : {},
    var.components.dataflow ? { for key in local.starters : "${key}/dataflow" => { starter = key, account = "dataflow" } } : {},
  )
}

resource "google_service_account_iam_member" "act_as" {
  for_each = local.act_as

  service_account_id = google_service_account.this[each.value.account].name
  role               = "roles/iam.serviceAccountUser"
  member             = local.members[each.value.starter]
}
