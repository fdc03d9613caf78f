module "database" {
  source = "./modules/existing_database"

  instance   = var.database.existing.instance
  project_id = var.project_id
}
