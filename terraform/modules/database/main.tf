# The instance alone. Its databases are made by Kubeflow Pipelines, each service its own, when it finds none; its root
# user is made by provision_infra, since Terraform would keep the password in its state.

resource "google_sql_database_instance" "this" {
  name                = "${var.name_prefix}-mysql-${var.name_suffix}"
  project             = var.project_id
  region              = var.region
  database_version    = var.version_name
  deletion_protection = var.deletion_protection

  settings {
    tier                        = var.tier
    edition                     = "ENTERPRISE"
    availability_type           = var.highly_available ? "REGIONAL" : "ZONAL"
    deletion_protection_enabled = var.deletion_protection
    user_labels                 = var.labels

    # No disk_size: the disk grows by itself, and a size in here would ask for a smaller one, a new database.
    disk_type       = "PD_SSD"
    disk_autoresize = true

    # The metadata service of Kubeflow Pipelines logs in with this plugin only.
    database_flags {
      name  = "default_authentication_plugin"
      value = "mysql_native_password"
    }

    backup_configuration {
      enabled            = var.backups
      binary_log_enabled = local.binary_log
      start_time         = "03:00"
    }

    # A database that once had a private address cannot be without one: taking private_network away would replace it.
    ip_configuration {
      ipv4_enabled    = !var.private_ip
      private_network = var.network_id
      ssl_mode        = "ENCRYPTED_ONLY"
    }

    # A highly available instance changes its zone with each failover, so it has no preference.
    dynamic "location_preference" {
      for_each = var.zone != null && !var.highly_available ? [var.zone] : []
      content {
        zone = location_preference.value
      }
    }

    # Sunday, 04:00 UTC, after the backup.
    maintenance_window {
      day          = 7
      hour         = 4
      update_track = "stable"
    }
  }

  timeouts {
    create = "45m"
    update = "60m"
    delete = "45m"
  }

  lifecycle {
    precondition {
      condition     = var.backups || !local.binary_log
      error_message = "High availability and point-in-time recovery need backups: set backups to true."
    }
  }
}

locals {
  # MySQL recovers to a point in time, and feeds its standby, from the binary log.
  # https://cloud.google.com/sql/docs/mysql/high-availability
  binary_log = var.point_in_time_recovery || var.highly_available
}
