"""A Kubernetes API server for one cluster, driven by the published types instead of code per kind."""
