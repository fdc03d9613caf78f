"""The service catalogue: which Cloud APIs an environment needs, which are retired, and how to see that one answers.

Services follow from the environment's components, not from one flat list.
Source: the reference document's list of eleven, and Service Usage v1 for the names.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from environment.changes import Change

BATCH_LIMIT = 20  # services.batchEnable takes at most twenty service ids


@dataclass(frozen=True)
class Retired:
    """A frozen or shut-down API: its successor, and what a project that cannot enable it any more should know."""

    successor: str
    note: str


@dataclass(frozen=True)
class Probe:
    """A harmless read: `GET https://SERVICE/path`, with `{project}` and `{location}` filled in.

    404 and a 403 that is not SERVICE_DISABLED both prove that the API answers: no step needs the read itself.
    """

    path: str


ALWAYS = (
    "serviceusage.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "compute.googleapis.com",
    "servicenetworking.googleapis.com",
    "container.googleapis.com",
    "containerregistry.googleapis.com",
    "artifactregistry.googleapis.com",
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "sqladmin.googleapis.com",
    "secretmanager.googleapis.com",
    "storage.googleapis.com",
    "storage-api.googleapis.com",
    "storage-component.googleapis.com",
    "bigquery.googleapis.com",
    "cloudbuild.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
)

BY_COMPONENT: dict[str, tuple[str, ...]] = {
    "notebooks": ("notebooks.googleapis.com",),
    "training": ("aiplatform.googleapis.com", "ml.googleapis.com"),
    "prediction": ("aiplatform.googleapis.com", "ml.googleapis.com"),
    "dataflow": ("dataflow.googleapis.com",),
}

RETIRED = {
    "ml.googleapis.com": Retired("aiplatform.googleapis.com", "AI Platform became Vertex AI"),
    "containerregistry.googleapis.com": Retired(
        "artifactregistry.googleapis.com", "Container Registry became Artifact Registry"
    ),
}

READ_BY_TERRAFORM = frozenset(
    f"{name}.googleapis.com"
    for name in (
        *("cloudresourcemanager", "compute", "container", "iam", "notebooks"),
        *("servicenetworking", "sqladmin", "storage"),
    )
)
"""Without one of these, Terraform cannot look at what is there."""

PROBES = {
    "cloudresourcemanager.googleapis.com": Probe("/v1/projects/{project}"),
    "compute.googleapis.com": Probe("/compute/v1/projects/{project}/global/networks"),
    "container.googleapis.com": Probe("/v1/projects/{project}/locations/-/clusters"),
    "iam.googleapis.com": Probe("/v1/projects/{project}/serviceAccounts"),
    "sqladmin.googleapis.com": Probe("/sql/v1beta4/projects/{project}/instances"),
    "secretmanager.googleapis.com": Probe("/v1/projects/{project}/secrets"),
    "servicenetworking.googleapis.com": Probe(
        "/v1/services/servicenetworking.googleapis.com/connections"
        "?network=projects/{number}/global/networks/mlops-env-probe"
    ),
    "artifactregistry.googleapis.com": Probe("/v1/projects/{project}/locations/{location}/repositories"),
    "bigquery.googleapis.com": Probe("/bigquery/v2/projects/{project}/datasets"),
    "notebooks.googleapis.com": Probe("/v2/projects/{project}/locations/-/instances"),
    "storage.googleapis.com": Probe("/storage/v1/b?project={project}"),
}
"""Harmless reads of the APIs that later steps call. What no step calls is confirmed by its state alone."""


def wanted_services(components: Iterable[str]) -> tuple[str, ...]:
    """List the services that an environment with these components needs, without repetition, in a stable order."""
    wanted = dict.fromkeys(ALWAYS)
    for component in components:
        wanted |= dict.fromkeys(BY_COMPONENT[component])
    return tuple(wanted)


def missing_services(wanted: Iterable[str], enabled: Iterable[str]) -> tuple[str, ...]:
    """List what is wanted and not enabled, in the order of `wanted`."""
    present = set(enabled)
    return tuple(service for service in wanted if service not in present)


def enabling(services: Iterable[str]) -> tuple[Change, ...]:
    """Return the changes that enable these."""
    return tuple(Change(layer="services", action="enable", address=name) for name in services)


def service_changes(
    wanted: Iterable[str], enabled: Iterable[str], was_enabled: Iterable[str] | None
) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """Return what enabling would change, and a warning for each retired service that stays off.

    Args:
        wanted: The services that the environment needs.
        enabled: Those that are on.
        was_enabled: Those that were on when the last create ended, None where there was none. A retired service that
            was off then cannot be enabled any more, or the create would have.
    """
    missing = missing_services(wanted, enabled)
    given_up = frozenset() if was_enabled is None else RETIRED.keys() - set(was_enabled)
    changes = enabling(name for name in missing if name not in given_up)
    return changes, tuple(stays_off(name) for name in missing if name in given_up)


def stays_off(service: str) -> str:
    """Return the warning about a retired service that cannot be enabled any more."""
    retired = RETIRED[service]
    return f"{service} is retired and stays off ({retired.note}): {retired.successor} takes its place"


def batches(services: Iterable[str]) -> list[tuple[str, ...]]:
    """Cut into calls of at most twenty, as services.batchEnable allows."""
    remaining = iter(services)
    return list(iter(lambda: tuple(islice(remaining, BATCH_LIMIT)), ()))


def retired_alone(services: tuple[str, ...], refusal: str) -> Retired | None:
    """Tell whether a refused call was for one retired service, which an environment does without.

    Google refuses those with a 403 of its own, "Permission denied to enable service [ml.googleapis.com]": only a
    refusal that names a permission of Service Usage is about the caller.

    Args:
        services: What the call was to enable.
        refusal: The error's message and hint.
    """
    if len(services) != 1 or "serviceusage.services." in refusal:
        return None
    return RETIRED.get(services[0])


def enabling_batches(services: Iterable[str]) -> list[tuple[str, ...]]:
    """Cut into calls, each retired service in one of its own: a refused one then takes no other along."""
    names = tuple(services)
    current = [name for name in names if name not in RETIRED]
    return batches(current) + [(name,) for name in names if name in RETIRED]
