locals {
  # objectUser reads and writes objects but grants nobody anything. What talks to the bucket itself, as the storage
  # gateway and TensorFlow do, also reads its metadata.
  bucket_roles = {
    system   = ["roles/storage.legacyBucketReader", "roles/storage.objectUser"]
    user     = ["roles/storage.legacyBucketReader", "roles/storage.objectUser"]
    notebook = ["roles/storage.objectUser"]
    dataflow = ["roles/storage.objectUser"]
  }

  bucket_grants = merge([
    for key in keys(local.accounts) : { for role in lookup(local.bucket_roles, key, []) : "${key}/${role}" => { account = key, role = role } }
  ]...)
}

resource "google_storage_bucket_iam_member" "this" {
  for_each = local.bucket_grants

  bucket = var.bucket
  role   = each.value.role
  member = local.members[each.value.account]
}
