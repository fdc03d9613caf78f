output "bucket" {
  description = "The bucket's name."
  value       = data.google_storage_bucket.this.name
}

output "folder_urls" {
  description = "The folders, by name, as \"gs://BUCKET/PREFIX/FOLDER/\"."
  value       = { for name, folder in google_storage_bucket_object.folder : name => "${data.google_storage_bucket.this.url}/${folder.name}" }
}

output "url" {
  description = "The bucket, as \"gs://BUCKET\"."
  value       = data.google_storage_bucket.this.url
}
