"""Kubernetes Engine: clusters, each with an API server of its own, and their node pools."""
