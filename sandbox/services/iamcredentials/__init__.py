"""Service Account Credentials."""
