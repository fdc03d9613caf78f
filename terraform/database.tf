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
