"""Workbench: instances, as the Notebooks API v2 has them."""
