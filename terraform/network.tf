module "network" {
  source = "./modules/network"

  dataflow    = var.components.dataflow
  name_prefix = var.name_prefix
  project_id  = var.project_id
  ranges = {
    nodes            = var.network.subnet_cidr
    pods             = var.network.pods_cidr
    private_services = var.network.private_services_cidr
    services         = var.network.services_cidr
  }
  region = var.region
}
