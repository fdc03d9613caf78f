"""Import beforehand what the clients import when they are first used: for a run that has to wait for something else."""

from __future__ import annotations

from importlib import import_module

MODULES = (
    "google.auth.transport.requests",
    "google.cloud.container_v1",
    "google.cloud.secretmanager_v1",
    "google.cloud.service_usage_v1",
    "google.cloud.storage",
    "googleapiclient.discovery",
    "kubernetes.client.rest",
    "python_terraform",
)


def preload() -> None:
    """Import them all."""
    for name in MODULES:
        import_module(name)
