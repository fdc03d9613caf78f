locals {
  # What a node may do is decided by its account's roles; scopes are the older, coarser lock.
  oauth_scopes = ["https://www.googleapis.com/auth/cloud-platform"]
  node_tag     = "${var.name_prefix}-node"
}

resource "google_container_node_pool" "this" {
  name               = "${var.name_prefix}-pool"
  project            = var.project_id
  location           = google_container_cluster.this.location
  cluster            = google_container_cluster.this.name
  initial_node_count = max(1, var.nodes.min_count)

  autoscaling {
    min_node_count = var.nodes.min_count
    max_node_count = var.nodes.max_count
  }

  management {
    auto_repair  = true
    auto_upgrade = true
  }

  # The cluster's setting is only the default of new pools.
  network_config {
    enable_private_nodes = var.private_nodes
  }

  node_config {
    machine_type    = var.nodes.machine_type
    disk_size_gb    = var.nodes.disk_size_gib
    disk_type       = "pd-balanced"
    image_type      = "COS_CONTAINERD"
    service_account = var.nodes.account
    oauth_scopes    = local.oauth_scopes
    resource_labels = var.labels
    tags            = [local.node_tag]

    metadata = {
      disable-legacy-endpoints = "true"
    }

    shielded_instance_config {
      enable_integrity_monitoring = true
      enable_secure_boot          = true
    }

    # Pods see the metadata server of GKE, not the node's own: Workload Identity, and no way to the node's account.
    workload_metadata_config {
      mode = "GKE_METADATA"
    }
  }

  # Only the first count of a new pool: the autoscaler's afterwards, and a difference would replace the pool. A cluster
  # that is replaced takes its pool along, though the pool's arguments stay the same.
  lifecycle {
    ignore_changes       = [initial_node_count]
    replace_triggered_by = [google_container_cluster.this.id]
  }
}
