# environment/infrastructure.py types these: renaming one breaks an interface.

output "artifact_store" {
  description = "The artifact store: `bucket`, its name; `url`, \"gs://BUCKET\"; `dataflow_url`, the folder that Dataflow stages in, null when the component is off."
  value = {
    bucket       = module.artifact_store.bucket
    dataflow_url = var.components.dataflow ? module.artifact_store.folder_urls["dataflow"] : null
    url          = module.artifact_store.url
  }
}

output "cluster" {
  description = "The GKE cluster, usable once its node pool is: `name`; `location`, a zone or a region; `endpoint`, an address without scheme; `workload_pool`, \"PROJECT.svc.id.goog\"."
  value = {
    endpoint      = module.cluster.endpoint
    location      = module.cluster.location
    name          = module.cluster.name
    workload_pool = module.cluster.workload_pool
  }

  precondition {
    condition     = var.zone == null ? true : startswith(var.zone, "${var.region}-")
    error_message = "zone must lie in region: give one such as ${var.region}-b, or leave it out for a regional cluster."
  }
}

output "database" {
  description = "The Cloud SQL instance: `instance`, its name; `connection_name`, \"PROJECT:REGION:INSTANCE\"; `private_address`, in the VPC; `version`, such as MYSQL_8_0."
  value = {
    connection_name = module.database.connection_name
    instance        = module.database.instance
    private_address = module.database.private_address
    version         = module.database.version
  }
}

output "network" {
  description = "The VPC: `name`, and `subnetwork`, the name of the subnet that cluster, notebook and Dataflow workers share."
  value = {
    name       = module.network.name
    subnetwork = module.network.subnetwork
  }
}

output "notebook" {
  description = "The Workbench instance: `name`; `location`, its zone; `proxy_uri`, the host that JupyterLab is opened at. Null when the component is off."
  value = var.components.notebooks ? {
    location  = module.notebook[0].location
    name      = module.notebook[0].name
    proxy_uri = module.notebook[0].proxy_uri
  } : null
}

output "service_accounts" {
  description = "Emails of the service accounts: `node` of the GKE nodes, `system` of Kubeflow Pipelines itself, `user` of the pipelines' steps; `notebook` and `dataflow`, null when the component is off."
  value = {
    dataflow = module.service_accounts.dataflow
    node     = module.service_accounts.node
    notebook = module.service_accounts.notebook
    system   = module.service_accounts.system
    user     = module.service_accounts.user
  }
}
