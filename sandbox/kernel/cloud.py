"""The local Google Cloud as its services see it: what they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from sandbox.kernel.access import Access
from sandbox.kernel.clock import Clock
from sandbox.kernel.latency import Latency
from sandbox.kernel.operations import Operations
from sandbox.kernel.policies import Policies
from sandbox.kernel.principals import Principals
from sandbox.kernel.projects import Projects
from sandbox.kernel.store import Store
from sandbox.vault import Vault


class ClusterAddress(Protocol):
    """Where a cluster's API server answers."""

    @property
    def endpoint(self) -> str:
        """HOST:PORT."""

    @property
    def ca_certificate(self) -> str:
        """The authority's certificate, PEM."""


class Clusters(Protocol):
    """The API servers behind GKE's clusters; keys are "PROJECT/LOCATION/NAME"."""

    def create(self, key: str) -> ClusterAddress:
        """Start a new one."""

    def delete(self, key: str) -> None:
        """Stop it and forget its objects."""

    def addresses(self) -> dict[str, Any]:
        """Return the address of each by key."""


@dataclass(frozen=True)
class Cloud:
    """Everything that a service's handlers need.

    Attributes:
        base_url: "http://127.0.0.1:PORT", for links to resources and operations.
    """

    store: Store
    vault: Vault
    clock: Clock
    latency: Latency
    operations: Operations
    projects: Projects
    policies: Policies
    principals: Principals
    access: Access
    clusters: Clusters
    base_url: str

    def link(self, service: str, path: str) -> str:
        """Return the address of a resource: `path` starts with a slash."""
        return f"{self.base_url}/{service}{path}"
