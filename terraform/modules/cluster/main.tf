resource "google_container_cluster" "this" {
  name                = "${var.name_prefix}-cluster"
  project             = var.project_id
  location            = var.location
  description         = "Kubeflow Pipelines of the ML environment ${var.name_prefix}"
  deletion_protection = var.deletion_protection

  network           = var.network.id
  subnetwork        = var.network.subnetwork_id
  networking_mode   = "VPC_NATIVE"
  datapath_provider = "ADVANCED_DATAPATH"

  # GKE insists on a first pool, which we replace with one that can change without the cluster. It lives for minutes, but
  # would need the default compute account, which hardened projects do not have.
  initial_node_count       = 1
  remove_default_node_pool = true
  node_config {
    service_account = var.nodes.account
    oauth_scopes    = local.oauth_scopes

    # Where an organisation requires shielded machines, the first pool would be refused without.
    shielded_instance_config {
      enable_integrity_monitoring = true
      enable_secure_boot          = true
    }
  }

  ip_allocation_policy {
    cluster_secondary_range_name  = var.network.pods_range
    services_secondary_range_name = var.network.services_range
  }

  # This block and the next are always there: the provider takes a missing one for "as it was", not for "off".
  private_cluster_config {
    enable_private_nodes    = var.private_nodes
    enable_private_endpoint = false
    master_ipv4_cidr_block  = var.private_nodes ? var.master_cidr : null
  }

  master_authorized_networks_config {
    dynamic "cidr_blocks" {
      for_each = length(var.authorized_networks) > 0 ? toset(var.authorized_networks) : ["0.0.0.0/0"]
      content {
        cidr_block   = cidr_blocks.value
        display_name = length(var.authorized_networks) > 0 ? "authorized" : "anywhere"
      }
    }
  }

  workload_identity_config {
    workload_pool = "${var.project_id}.svc.id.goog"
  }

  release_channel {
    channel = var.release_channel
  }

  logging_config {
    enable_components = ["SYSTEM_COMPONENTS", "WORKLOADS"]
  }

  monitoring_config {
    enable_components = ["SYSTEM_COMPONENTS"]

    managed_prometheus {
      enabled = true
    }
  }

  security_posture_config {
    mode               = "BASIC"
    vulnerability_mode = "VULNERABILITY_DISABLED"
  }

  timeouts {
    create = "45m"
    update = "60m"
    delete = "45m"
  }

  # Both describe only the first pool, and a difference in them would replace the whole cluster.
  lifecycle {
    ignore_changes = [initial_node_count, node_config]
  }
}
