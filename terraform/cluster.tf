module "cluster" {
  source = "./modules/cluster"

  authorized_networks = var.cluster.authorized_networks
  deletion_protection = var.cluster.deletion_protection
  labels              = local.labels
  location            = local.location
  master_cidr         = var.network.master_cidr
  name_prefix         = var.name_prefix
  network = {
    id             = module.network.id
    pods_range     = module.network.pods_range
    project_id     = module.network.project_id
    services_range = module.network.services_range
    subnetwork_id  = module.network.subnetwork_id
  }
  nodes = {
    account       = module.service_accounts.node
    disk_size_gib = var.cluster.disk_size_gib
    machine_type  = var.cluster.machine_type
    max_count     = var.cluster.max_nodes
    min_count     = var.cluster.min_nodes
  }
  private_nodes   = var.network.private_cluster
  project_id      = var.project_id
  release_channel = var.cluster.release_channel
}
