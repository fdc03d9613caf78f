# One environment: network, cluster, database, artifact store, identities and, where wanted, a notebook.
# Every name is name_prefix and the thing's role; environment/names.py knows the same names.

locals {
  location = coalesce(var.zone, var.region)

  # A notebook is always in one zone. Every region has a zone b, and not every region a zone a.
  notebook_zone = coalesce(var.zone, "${var.region}-b")

  # Resources that take no default labels from the provider (the database, the machines of the nodes) get them by hand.
  labels = merge(
    {
      environment = var.environment
      managed-by  = "mlops-env"
      role        = var.role
    },
    var.labels,
  )

  # One folder per component that stages files of its own.
  folders = var.components.dataflow ? ["dataflow"] : []
}

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

module "database" {
  source = "./modules/database"

  backups                = var.database.backups
  deletion_protection    = var.database.deletion_protection
  highly_available       = var.database.highly_available
  labels                 = local.labels
  name_prefix            = var.name_prefix
  name_suffix            = var.database.instance_suffix
  network_id             = module.network.private_services_network_id
  point_in_time_recovery = var.database.point_in_time_recovery
  private_ip             = var.database.private_ip
  project_id             = var.project_id
  region                 = var.region
  tier                   = var.database.tier
  version_name           = var.database.version
  zone                   = var.zone
}

module "artifact_store" {
  source = "./modules/artifact_store"

  folders     = local.folders
  location    = var.artifact_store.location
  name_prefix = var.name_prefix
  project_id  = var.project_id
}

module "service_accounts" {
  source = "./modules/service_accounts"

  bucket        = module.artifact_store.bucket
  components    = var.components
  name_prefix   = var.name_prefix
  namespace     = var.namespace
  project_id    = var.project_id
  workload_pool = module.cluster.workload_pool
}

module "notebook" {
  source = "./modules/notebook"
  count  = var.components.notebooks ? 1 : 0

  account      = module.service_accounts.notebook
  machine_type = var.notebook.machine_type
  name_prefix  = var.name_prefix
  network = {
    id            = module.network.id
    subnetwork_id = module.network.subnetwork_id
  }
  project_id = var.project_id
  zone       = local.notebook_zone
}
