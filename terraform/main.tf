# One environment: network, cluster, database, artifact store, identities and, where wanted, a notebook. The first four
# have files of their own: where one of them exists already, the file of the same name in existing/ takes its place.
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

module "service_accounts" {
  source = "./modules/service_accounts"

  bucket        = module.artifact_store.bucket
  components    = var.components
  name_prefix   = var.name_prefix
  namespace     = var.namespace
  nodes         = var.cluster.existing == null
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
