output "connection_name" {
  description = "What the Cloud SQL proxy connects to, \"PROJECT:REGION:INSTANCE\"."
  value       = data.google_sql_database_instance.this.connection_name
}

output "instance" {
  description = "The instance's name."
  value       = data.google_sql_database_instance.this.name
}

output "private_address" {
  description = "The instance's address in the VPC."
  value       = data.google_sql_database_instance.this.private_ip_address
}

output "version" {
  description = "MySQL's release, such as MYSQL_8_0."
  value       = data.google_sql_database_instance.this.database_version
}
