"""What a spec says of a network, cluster, database or bucket that is there already, and belongs to somebody else.

Each takes the place of what would be made, so the fields that describe what is made make no sense beside it. What each
must fulfil is in `existing`; it is looked at before anything is changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, StringConstraints

Kind = Literal["network", "cluster", "database", "artifact_store"]
KINDS: tuple[Kind, ...] = get_args(Kind)

ResourceName = Annotated[str, StringConstraints(pattern=r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$")]
DatabaseName = Annotated[str, StringConstraints(pattern=r"^[a-z]([a-z0-9-]{0,96}[a-z0-9])?$")]
BucketName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$")]
Location = Annotated[str, StringConstraints(pattern=r"^[a-z]+-[a-z]+[0-9]+(-[a-z])?$")]
OtherProject = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$")]


class _Existing(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ExistingNetwork(_Existing):
    """A VPC and one of its subnetworks; `project` is the host project of a Shared VPC, where it is another one.

    The ranges are secondary ranges of the subnetwork, for the pods and Services of a new cluster.
    """

    network: ResourceName
    subnetwork: ResourceName
    project: OtherProject | None = None
    pods_range: ResourceName = "pods"
    services_range: ResourceName = "services"


class ExistingCluster(_Existing):
    """A GKE cluster of the project, in a zone or a region."""

    name: ResourceName
    location: Location


class ExistingDatabase(_Existing):
    """A Cloud SQL instance of the project; databases of Kubeflow Pipelines that it holds are used only if `reuse`."""

    instance: DatabaseName
    reuse: bool = False


class ExistingArtifactStore(_Existing):
    """A bucket."""

    bucket: BucketName


_OF_WHAT_IS_MADE: dict[tuple[Kind, str], tuple[str, ...]] = {
    ("network", "network"): ("subnet_cidr", "pods_cidr", "services_cidr", "private_services_cidr"),
    ("cluster", "network"): ("master_cidr", "private_cluster"),
    ("cluster", "cluster"): (
        *("machine_type", "min_nodes", "max_nodes", "disk_size_gib"),
        *("release_channel", "authorized_networks", "deletion_protection"),
    ),
    ("database", "database"): (
        *("tier", "highly_available", "backups"),
        *("point_in_time_recovery", "deletion_protection"),
    ),
    ("artifact_store", "artifact_store"): ("location",),
}
"""By what is existing and by section: the fields that describe what would be made instead."""


def check_given(given: Mapping[str, Any]) -> None:
    """Refuse fields that make no sense beside what is existing.

    Args:
        given: The spec as it is written, without defaults.

    Raises:
        ValueError: Names the first field, and what to do with it.
    """
    for kind, field in _senseless(given):
        raise ValueError(f"{field} makes no sense with {kind}.existing, which is taken as it is: leave it out")
    if _is_apart(given) and _section(given, "database").get("private_ip") is True:
        raise ValueError(
            "database.private_ip: the network that is made here holds only one of cluster and database, so there is no "
            "private way between them: set network.existing to the network of what exists, or private_ip to false"
        )


def existing_defaults(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a spec may leave out and follows from what is existing, as the spec has it."""
    return {"database": {"private_ip": False}} if _is_apart(given) else {}


def _senseless(given: Mapping[str, Any]) -> Iterator[tuple[Kind, str]]:
    for (kind, section), fields in _OF_WHAT_IS_MADE.items():
        if _has_existing(given, kind):
            yield from ((kind, f"{section}.{field}") for field in fields if field in _section(given, section))


def _is_apart(given: Mapping[str, Any]) -> bool:
    """Tell whether a network is made, and not both of cluster and database are in it or outside of it."""
    if _has_existing(given, "network"):
        return False
    return _has_existing(given, "cluster") != _has_existing(given, "database")


def _has_existing(given: Mapping[str, Any], kind: Kind) -> bool:
    return _section(given, kind).get("existing") is not None


def _section(given: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = given.get(name)
    return found if isinstance(found, Mapping) else {}
