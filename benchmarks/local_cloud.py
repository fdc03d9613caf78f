"""A sandbox of the benchmarks' own, with caches, states and Prefect's database in the same folder."""

from __future__ import annotations

import base64
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from clients.addresses import Addresses
from clients.kubernetes.connection import ClusterAccess
from environment.spec import Environment
from environment.spec_file import load_environment
from sandbox import lifecycle

COMMAND = str(Path(sys.executable).parent / "mlops-env")


@dataclass(frozen=True)
class LocalCloud:
    """The running sandbox; `variables` are those of every process that is measured."""

    data_dir: Path
    variables: dict[str, str]

    @property
    def addresses(self) -> Addresses:
        """Return where it answers."""
        return Addresses.from_environment(self.variables)

    @property
    def token(self) -> str:
        """Return the users' token of the services and of every cluster."""
        return self.variables["GOOGLE_OAUTH_ACCESS_TOKEN"]

    def environment(self) -> Environment:
        """Return the spec that is created."""
        return load_environment("sandbox")

    def control(self, method: str, route: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Call a control route."""
        return dict(lifecycle.control(self.data_dir, method, route, body).raise_for_status().json())

    def calls(self) -> list[dict[str, Any]]:
        """Return what was called since the log was cleared."""
        return list(self.control("GET", "calls")["calls"])

    def user_calls(self) -> tuple[int, int]:
        """Return how many calls the cloud's users made, and how many of them could have changed something."""
        made = [call for call in self.calls() if call["actor"] == "user"]
        return len(made), sum(call["mutating"] and not call["bookkeeping"] for call in made)

    def make_cluster(self, name: str) -> ClusterAccess:
        """Make an empty cluster in a project of the benchmarks' own."""
        project = "benchmark-clusters"
        headers = {"Authorization": f"Bearer {self.token}"}
        with httpx.Client(trust_env=False, base_url=self.addresses.endpoint or "", headers=headers, timeout=60) as api:
            for service in ("compute", "container"):
                services = f"serviceusage.googleapis.com/v1/projects/{project}/services"
                api.post(f"{services}/{service}.googleapis.com:enable", json={}).raise_for_status()
            networks = f"compute.googleapis.com/compute/v1/projects/{project}/global/networks"
            api.post(networks, json={"name": name, "autoCreateSubnetworks": True}).raise_for_status()
            clusters = f"container.googleapis.com/v1/projects/{project}/locations/us-central1-a/clusters"
            body = {"cluster": {"name": name, "initialNodeCount": 1, "network": name}}
            api.post(clusters, json=body).raise_for_status()
            found = api.get(f"{clusters}/{name}").raise_for_status().json()
        authority = base64.b64decode(found["masterAuth"]["clusterCaCertificate"]).decode()
        return ClusterAccess(f"https://{found['endpoint']}", authority)


@contextmanager
def local_cloud(folder: Path) -> Iterator[LocalCloud]:
    """Start a sandbox in a folder, and stop it at the end."""
    data_dir = folder / "sandbox"
    private = {"XDG_STATE_HOME": "state", "XDG_CACHE_HOME": "cache", "PREFECT_HOME": "prefect"}
    ours = {name: str(folder / place) for name, place in private.items()} | {"MLOPS_ENV_SANDBOX_DIR": str(data_dir)}
    os.environ.update(ours)
    os.environ.pop("PREFECT_API_URL", None)
    lifecycle.start(data_dir)
    os.environ.update(lifecycle.environment_variables(data_dir))
    try:
        yield LocalCloud(data_dir, dict(os.environ))
    finally:
        lifecycle.stop(data_dir)
