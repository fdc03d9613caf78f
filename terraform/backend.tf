# Where the state lives is given at init (-backend-config=bucket=… -backend-config=prefix=…), one prefix per environment.
terraform {
  backend "gcs" {}
}
