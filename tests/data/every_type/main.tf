# Every resource type and data source that the sandbox's provider offers; `second` changes what changes in place.

terraform {
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 7.45"
    }
  }
}

variable "project" {
  type = string
}

variable "second" {
  type    = bool
  default = false
}

locals {
  member = google_service_account.this.member
  # Several are on already: the provider itself reads the project.
  services = toset([
    "artifactregistry", "bigquery", "cloudbilling", "cloudresourcemanager", "compute", "container", "iam", "notebooks",
    "secretmanager", "servicenetworking", "sqladmin",
  ])
}

provider "google" {
  project        = var.project
  region         = "us-central1"
  zone           = "us-central1-a"
  default_labels = { env = "test" }

  batching {
    send_after = "200ms"
  }
}

data "google_client_config" "this" {}

data "google_project" "this" {}

data "google_container_engine_versions" "this" {
  depends_on = [google_project_service.this]
}

resource "google_project_service" "this" {
  for_each = local.services

  service            = "${each.value}.googleapis.com"
  disable_on_destroy = false
}

# --- network

resource "google_compute_network" "this" {
  name                    = "network"
  auto_create_subnetworks = false
  routing_mode            = var.second ? "GLOBAL" : "REGIONAL"
  depends_on              = [google_project_service.this]
}

resource "google_compute_subnetwork" "this" {
  name                     = "subnetwork"
  network                  = google_compute_network.this.id
  ip_cidr_range            = var.second ? "10.1.0.0/19" : "10.1.0.0/20"
  private_ip_google_access = !var.second

  secondary_ip_range {
    range_name    = "pods"
    ip_cidr_range = "10.2.0.0/18"
  }
  secondary_ip_range {
    range_name    = "services"
    ip_cidr_range = "10.3.0.0/24"
  }
  dynamic "secondary_ip_range" {
    for_each = var.second ? [1] : []
    content {
      range_name    = "extra"
      ip_cidr_range = "10.3.1.0/24"
    }
  }
  dynamic "log_config" {
    for_each = var.second ? [1] : []
    content {}
  }
}

resource "google_compute_firewall" "this" {
  name          = "firewall"
  network       = google_compute_network.this.name
  source_ranges = var.second ? ["10.0.0.0/8", "172.16.0.0/28"] : ["172.16.0.0/28"]
  target_tags   = ["node"]

  allow {
    protocol = "tcp"
    ports    = ["8443", "443"]
  }
  allow {
    protocol = "icmp"
  }
  dynamic "log_config" {
    for_each = var.second ? [1] : []
    content {
      metadata = "INCLUDE_ALL_METADATA"
    }
  }
}

resource "google_compute_global_address" "this" {
  name          = "range"
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  prefix_length = 16
  network       = google_compute_network.this.id
  labels        = var.second ? { a = "b" } : {}
}

resource "google_service_networking_connection" "this" {
  network                 = google_compute_network.this.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.this.name]
}

resource "google_compute_router" "this" {
  name    = "router"
  network = google_compute_network.this.id

  dynamic "bgp" {
    for_each = var.second ? [1] : []
    content {
      asn = 64514
    }
  }
}

resource "google_compute_router_nat" "this" {
  name                               = "nat"
  router                             = google_compute_router.this.name
  nat_ip_allocate_option             = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat = "LIST_OF_SUBNETWORKS"
  min_ports_per_vm                   = var.second ? 128 : null

  subnetwork {
    name                    = google_compute_subnetwork.this.id
    source_ip_ranges_to_nat = ["ALL_IP_RANGES"]
  }
  log_config {
    enable = true
    filter = "ERRORS_ONLY"
  }
}

# --- identities

resource "google_service_account" "this" {
  account_id   = "account"
  display_name = var.second ? "Two" : "One"
  depends_on   = [google_project_service.this]
}

resource "google_service_account_key" "this" {
  service_account_id = google_service_account.this.name
}

resource "google_project_iam_member" "this" {
  for_each = toset(concat(
    ["roles/logging.logWriter", "roles/monitoring.viewer"],
    var.second ? ["roles/storage.admin"] : [],
  ))

  project = var.project
  role    = each.value
  member  = local.member
}

resource "google_service_account_iam_member" "this" {
  service_account_id = google_service_account.this.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "serviceAccount:${google_container_cluster.this.workload_identity_config[0].workload_pool}[ns/ksa]"
}

# --- storage, secrets, images, datasets

resource "google_storage_bucket" "this" {
  name                        = "${var.project}-bucket"
  location                    = "us-central1"
  force_destroy               = true
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  labels                      = var.second ? {} : { x = "y" }

  versioning {
    enabled = !var.second
  }
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age        = var.second ? 60 : 30
      with_state = "ARCHIVED"
    }
  }
  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age = 7
    }
  }
}

resource "google_storage_bucket_object" "this" {
  bucket  = google_storage_bucket.this.name
  name    = "folder/some thing.txt"
  content = var.second ? "two" : "one"
}

resource "google_storage_bucket_iam_member" "this" {
  bucket = google_storage_bucket.this.name
  role   = "roles/storage.objectAdmin"
  member = local.member

  condition {
    title      = "always"
    expression = "true"
  }
}

resource "google_secret_manager_secret" "this" {
  secret_id  = "secret"
  labels     = { a = var.second ? "c" : "b" }
  depends_on = [google_project_service.this]

  replication {
    auto {}
  }
}

resource "google_secret_manager_secret_version" "this" {
  secret      = google_secret_manager_secret.this.id
  secret_data = "hunter2"
}

resource "google_secret_manager_secret_version" "write_only" {
  secret                 = google_secret_manager_secret.this.id
  secret_data_wo         = "never-in-the-state"
  secret_data_wo_version = 1
}

resource "google_artifact_registry_repository" "this" {
  repository_id = "images"
  format        = "DOCKER"
  description   = var.second ? "two" : "one"
  depends_on    = [google_project_service.this]
}

resource "google_bigquery_dataset" "this" {
  dataset_id    = "lake"
  friendly_name = var.second ? "two" : "one"
  location      = "US"
  labels        = { a = var.second ? "c" : "b" }
  depends_on    = [google_project_service.this]
}

# --- clusters

resource "google_container_cluster" "this" {
  name                     = "cluster"
  location                 = "us-central1-a"
  deletion_protection      = false
  network                  = google_compute_network.this.id
  subnetwork               = google_compute_subnetwork.this.id
  datapath_provider        = "ADVANCED_DATAPATH"
  initial_node_count       = 1
  remove_default_node_pool = true
  resource_labels          = var.second ? { team = "ml" } : {}

  node_config {
    service_account = google_service_account.this.email
    oauth_scopes    = ["https://www.googleapis.com/auth/cloud-platform"]
  }
  ip_allocation_policy {
    cluster_secondary_range_name  = "pods"
    services_secondary_range_name = "services"
  }
  private_cluster_config {
    enable_private_nodes    = true
    enable_private_endpoint = false
    master_ipv4_cidr_block  = "172.16.0.0/28"
  }
  master_authorized_networks_config {
    cidr_blocks {
      cidr_block   = var.second ? "10.9.0.0/16" : "0.0.0.0/0"
      display_name = "office"
    }
  }
  workload_identity_config {
    workload_pool = "${var.project}.svc.id.goog"
  }
  release_channel {
    channel = var.second ? "STABLE" : "REGULAR"
  }
  logging_config {
    enable_components = var.second ? ["SYSTEM_COMPONENTS"] : ["SYSTEM_COMPONENTS", "WORKLOADS"]
  }
  monitoring_config {
    enable_components = ["SYSTEM_COMPONENTS"]
    managed_prometheus {
      enabled = !var.second
    }
  }
  addons_config {
    http_load_balancing {
      disabled = var.second
    }
    gcs_fuse_csi_driver_config {
      enabled = true
    }
  }
  maintenance_policy {
    daily_maintenance_window {
      start_time = var.second ? "04:00" : "03:00"
    }
  }
  vertical_pod_autoscaling {
    enabled = var.second
  }

  # It describes the default pool, which is removed.
  lifecycle {
    ignore_changes = [node_config]
  }
}

resource "google_container_node_pool" "this" {
  name               = "pool"
  cluster            = google_container_cluster.this.id
  initial_node_count = 1

  autoscaling {
    min_node_count = 1
    max_node_count = var.second ? 8 : 5
  }
  management {
    auto_repair  = true
    auto_upgrade = true
  }
  upgrade_settings {
    max_surge       = var.second ? 2 : 1
    max_unavailable = 0
  }
  node_config {
    machine_type    = "e2-standard-4"
    disk_size_gb    = 100
    disk_type       = "pd-balanced"
    service_account = google_service_account.this.email
    oauth_scopes    = ["https://www.googleapis.com/auth/cloud-platform"]
    labels          = { a = var.second ? "c" : "b" }
    tags            = ["node"]
    resource_labels = { env = "test" }
    metadata        = { disable-legacy-endpoints = "true" }

    workload_metadata_config {
      mode = "GKE_METADATA"
    }
    shielded_instance_config {
      enable_secure_boot          = true
      enable_integrity_monitoring = true
    }
    dynamic "taint" {
      for_each = var.second ? [1] : []
      content {
        key    = "k"
        value  = "v"
        effect = "NO_SCHEDULE"
      }
    }
  }
}

# --- databases

resource "google_sql_database_instance" "this" {
  name                = "instance"
  database_version    = "MYSQL_8_0"
  deletion_protection = false
  depends_on          = [google_service_networking_connection.this]

  settings {
    tier              = var.second ? "db-custom-2-7680" : "db-custom-1-3840"
    edition           = "ENTERPRISE"
    availability_type = "ZONAL"
    disk_type         = "PD_SSD"
    user_labels       = { a = "b" }

    database_flags {
      name  = "default_authentication_plugin"
      value = "mysql_native_password"
    }
    backup_configuration {
      enabled            = true
      binary_log_enabled = var.second
      start_time         = "03:00"
    }
    ip_configuration {
      ipv4_enabled    = false
      private_network = google_compute_network.this.id
      ssl_mode        = "ENCRYPTED_ONLY"
    }
    maintenance_window {
      day          = 7
      hour         = 4
      update_track = "stable"
    }
  }
}

resource "google_sql_database" "this" {
  name     = "metadb"
  instance = google_sql_database_instance.this.name
}

resource "google_sql_user" "this" {
  name                = "kfp"
  host                = "%"
  instance            = google_sql_database_instance.this.name
  password_wo         = "never-in-the-state"
  password_wo_version = var.second ? 2 : 1
}

# --- notebook

resource "google_workbench_instance" "this" {
  name     = "notebook"
  location = "us-central1-a"
  labels   = { a = var.second ? "c" : "b" }

  gce_setup {
    machine_type      = var.second ? "e2-standard-8" : "e2-standard-4"
    disable_public_ip = true
    metadata          = { idle-timeout-seconds = "3600" }
    tags              = ["lab"]

    boot_disk {
      disk_size_gb = "150"
      disk_type    = "PD_BALANCED"
    }
    data_disks {
      disk_size_gb = "100"
      disk_type    = "PD_BALANCED"
    }
    network_interfaces {
      network = google_compute_network.this.id
      subnet  = google_compute_subnetwork.this.id
    }
    service_accounts {
      email = google_service_account.this.email
    }
    shielded_instance_config {
      enable_integrity_monitoring = true
      enable_secure_boot          = true
      enable_vtpm                 = true
    }
    vm_image {
      project = "cloud-notebooks-managed"
      family  = "workbench-instances"
    }
  }
}

output "project_number" {
  value = data.google_project.this.number
}
