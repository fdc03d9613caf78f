# The bucket holds what pipelines made, which nothing can make again: it is never emptied from here (force_destroy).

resource "google_storage_bucket" "this" {
  name                        = "${var.project_id}-${var.name_prefix}-artifacts"
  project                     = var.project_id
  location                    = var.location
  force_destroy               = false
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true

  versioning {
    enabled = true
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      days_since_noncurrent_time = var.old_versions_days
      with_state                 = "ARCHIVED"
    }
  }

  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age        = 7
      with_state = "ANY"
    }
  }
}

# Cloud Storage has no folders; an object whose name ends in a slash shows as one and may be named in job options.
resource "google_storage_bucket_object" "folder" {
  for_each = var.folders

  bucket  = google_storage_bucket.this.name
  name    = "${each.value}/"
  content = " "
}
