"""The `mlops-env` command."""
