module "artifact_store" {
  source = "./modules/existing_artifact_store"

  bucket      = var.artifact_store.existing.bucket
  folders     = local.folders
  name_prefix = var.name_prefix
}
