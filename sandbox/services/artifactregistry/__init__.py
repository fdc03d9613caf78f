"""Artifact Registry: repositories. No artifact can be pushed to them."""
