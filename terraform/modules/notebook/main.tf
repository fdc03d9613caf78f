resource "google_workbench_instance" "this" {
  name     = "${var.name_prefix}-notebook"
  project  = var.project_id
  location = var.zone

  gce_setup {
    machine_type      = var.machine_type
    disable_public_ip = true

    boot_disk {
      disk_size_gb = "150"
      disk_type    = "PD_BALANCED"
    }

    data_disks {
      disk_size_gb = tostring(var.disk_size_gib)
      disk_type    = "PD_BALANCED"
    }

    network_interfaces {
      network = var.network.id
      subnet  = var.network.subnetwork_id
    }

    service_accounts {
      email = var.account
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

    # A forgotten notebook costs as much as a used one.
    metadata = {
      idle-timeout-seconds = tostring(var.idle_timeout_minutes * 60)
    }
  }
}
