module "artifact_store" {
  source = "./modules/artifact_store"

  folders     = local.folders
  location    = var.artifact_store.location
  name_prefix = var.name_prefix
  project_id  = var.project_id
}
