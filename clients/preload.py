"""Do beforehand what the clients do when they are first used: for a run that has to wait for something else."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from threading import Thread

from clients.terraform_binary import find_terraform
from environment.errors import TerraformError

MODULES = (
    "fastapi.encoders",  # Prefect writes a run's parameters with it
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
    """Import them all, and ask for Terraform's version meanwhile."""
    asking = Thread(target=_find_terraform)
    asking.start()
    for name in MODULES:
        import_module(name)
    asking.join()


def _find_terraform() -> None:
    with suppress(TerraformError):  # who needs it is told so
        find_terraform()
