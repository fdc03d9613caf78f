"""What goes when an environment is destroyed, in which order, and what stays: decided here, without I/O.

The data stays unless it is given up: the bucket of artifacts and the database, and of the network what the database's
private address hangs on. They stay in Terraform's state, so that the next create finds and uses them. Terraform cannot
leave things out of a destroy, so it is given the list of what is to go; what depends on that goes with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from environment.names import Names

NETWORK_MODULE = "module.network."
KEPT_ADDRESSES = (
    "module.artifact_store.",
    "module.database.",
    "module.network.google_compute_network.",
    "module.network.google_compute_global_address.",
    "module.network.google_service_networking_connection.",
)
CLUSTER_ADDRESS = "module.cluster.google_container_cluster.this"
DATABASE_TYPE = "google_sql_database_instance"
BUCKET, DATABASE, NETWORK, ADDRESS, SECRET = "bucket", "database", "network", "address", "secret"
DATA_KINDS = frozenset({BUCKET, DATABASE, SECRET})
CARRIES_DATA = frozenset({NETWORK, ADDRESS})  # what a kept database needs

_INDEX = re.compile(r"\[[^]]*\]")
# What GKE makes for nodes and Services.
# https://cloud.google.com/kubernetes-engine/docs/concepts/firewall-rules
_OF_GKE = re.compile(r"^(gke|k8s|k8s2)-")


class Found(NamedTuple):
    """Something that is there: its kind, its name, and where it is ("global", a region, a zone, or nothing)."""

    kind: str
    name: str
    place: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class ManagedState(BaseModel):
    """What Terraform's state holds: addresses without indexes, what is protected, the database's name."""

    model_config = ConfigDict(frozen=True)

    addresses: tuple[str, ...] = ()
    is_cluster_protected: bool = False
    database: str | None = None


class DestroyReport(BaseModel):
    """What a destroy did, and what it then found: `kept` is there on purpose, each with its kind."""

    model_config = ConfigDict(frozen=True)

    environment: str
    project_id: str
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def change_count(self) -> int:
        """How much this run removed."""
        return len(self.removed)


def parse_managed(text: str | None) -> ManagedState:
    """Read from a state which resources Terraform manages."""
    document: Mapping[str, Any] = json.loads(text) if text else {}
    resources = [one for one in document.get("resources") or () if one["mode"] == "managed" and one["instances"]]
    attributes = [(_address(one), one["instances"][0].get("attributes") or {}) for one in resources]
    databases = [found["name"] for address, found in attributes if f".{DATABASE_TYPE}." in address and found]
    return ManagedState(
        addresses=tuple(sorted({_address(one) for one in resources})),
        is_cluster_protected=any(
            address == CLUSTER_ADDRESS and bool(found.get("deletion_protection")) for address, found in attributes
        ),
        database=databases[0] if databases else None,
    )


def _address(resource: Mapping[str, Any]) -> str:
    module = _INDEX.sub("", resource.get("module", ""))
    return f"{module}{'.' if module else ''}{resource['type']}.{resource['name']}"


def first_targets(managed: ManagedState, *, delete_data: bool) -> tuple[str, ...]:
    """Return what goes first: all but the network, which GKE's leftovers and the peering still hold."""
    return tuple(one for one in _going(managed, delete_data) if not one.startswith(NETWORK_MODULE))


def last_targets(managed: ManagedState, *, delete_data: bool) -> tuple[str, ...]:
    """Return what goes last: what is left of the network, unless a kept database needs it."""
    return tuple(_going(managed, delete_data))


def _going(managed: ManagedState, delete_data: bool) -> Iterable[str]:
    return (one for one in managed.addresses if delete_data or not one.startswith(KEPT_ADDRESSES))


def is_left_by_gke(name: str) -> bool:
    """Tell whether GKE has named something: within the environment's own network that is enough to know it."""
    return bool(_OF_GKE.match(name))


def is_disk_of(cluster: str, name: str, labels: Mapping[str, str]) -> bool:
    """Tell whether a disk is a claim's or a node's of this cluster: disks are in no network, so others' look alike."""
    return labels.get("goog-k8s-cluster-name") == cluster or name.startswith(f"gke-{cluster}-")


def is_ours(name: str, names: Names) -> bool:
    """Tell whether a name begins as all of the environment's do."""
    return name.startswith(f"{names.prefix}-")


def split_kept(
    found: Iterable[Found], managed: ManagedState, *, delete_data: bool
) -> tuple[tuple[Found, ...], tuple[Found, ...]]:
    """Return (what stays on purpose, what should be gone)."""
    needs_network = any(one.startswith("module.database.") for one in managed.addresses)
    kinds = frozenset() if delete_data else DATA_KINDS | (CARRIES_DATA if needs_network else frozenset())
    kept = tuple(one for one in found if one.kind in kinds)
    return kept, tuple(one for one in found if one.kind not in kinds)
