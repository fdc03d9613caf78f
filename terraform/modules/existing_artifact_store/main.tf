# Somebody's bucket: read, never changed. Only folders of ours are made in it, below a folder of this environment: the
# bucket may hold others of the same names.

data "google_storage_bucket" "this" {
  name = var.bucket
}

resource "google_storage_bucket_object" "folder" {
  for_each = var.folders

  bucket  = data.google_storage_bucket.this.name
  name    = "${var.name_prefix}/${each.value}/"
  content = " "
}
