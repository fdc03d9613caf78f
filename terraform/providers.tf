provider "google" {
  project        = var.project_id
  region         = var.region
  default_labels = local.labels

  # The provider collects service reads and IAM changes for 3 s by default before it sends them; a plan then takes four
  # seconds instead of one. Without any batching, changes of one IAM policy would follow one another.
  batching {
    send_after = "200ms"
  }
}
