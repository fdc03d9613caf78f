"""Compute Engine: networks and what GKE, Cloud SQL and Workbench leave in them."""
