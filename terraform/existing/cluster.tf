module "cluster" {
  source = "./modules/existing_cluster"

  location   = var.cluster.existing.location
  name       = var.cluster.existing.name
  project_id = var.project_id
}
