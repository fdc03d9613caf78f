module "network" {
  source = "./modules/existing_network"

  dataflow           = var.components.dataflow
  name               = var.network.existing.network
  name_prefix        = var.name_prefix
  pods_range         = var.network.existing.pods_range
  project_id         = coalesce(var.network.existing.project, var.project_id)
  region             = var.region
  service_project_id = var.project_id
  services_range     = var.network.existing.services_range
  subnetwork         = var.network.existing.subnetwork
}
