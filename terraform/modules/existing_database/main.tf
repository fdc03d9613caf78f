# Somebody's Cloud SQL instance: read, never changed. Our user in it is made by provision_infra, as in one of our own.

data "google_sql_database_instance" "this" {
  name    = var.instance
  project = var.project_id
}
