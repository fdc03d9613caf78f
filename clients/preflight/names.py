"""What has the environment's names already, and what is in its network besides it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from clients.addresses import Addresses
from clients.credentials import principal
from clients.google_rest import GoogleRest
from clients.infrastructure import read_managed
from clients.inventory import read_inventory
from clients.storage import Storage
from environment.deployer import member
from environment.destruction import NETWORK, Found, ManagedState
from environment.doctor import Looked, found_one
from environment.errors import GoogleApiError, PermissionDeniedError, ServiceDisabledError
from environment.findings import Finding
from environment.names import PEERING
from environment.names_taken import NAME_CHECK, name_findings, range_findings
from environment.spec import Environment

COMPUTE = "compute.googleapis.com"
STATE_PERMISSIONS = (
    "storage.buckets.get",
    *("storage.objects.create", "storage.objects.delete", "storage.objects.get", "storage.objects.list"),
)


class There(NamedTuple):
    """What is there by the environment's names, and what Terraform manages of it.

    Attributes:
        is_whole: Whether all APIs that the environment uses are on: where one is off, there may be more.
    """

    found: tuple[Found, ...]
    managed: ManagedState
    is_whole: bool


def read_found(environment: Environment, addresses: Addresses) -> There:
    """Look what is there."""
    try:
        managed = read_managed(environment, addresses)
    except (PermissionDeniedError, ServiceDisabledError):
        managed = ManagedState(is_readable=False)
    found, unseen = read_inventory(environment, addresses, managed, may_be_refused=True)
    unused = () if environment.components.notebooks else ("notebooks",)
    return There(found, managed, not any(one.is_off and one.what not in unused for one in unseen))


def look_at_names(environment: Environment, addresses: Addresses, there: There) -> Looked:
    """Look whether a name is taken by something that is not this environment's; again when all APIs are on."""
    findings = name_findings(environment, there.found, there.managed)
    if not environment.artifact_store.existing:
        findings += _bucket_findings(environment, addresses)
    notes = () if there.is_whole else ("names: not all looked at yet, create turns the APIs on first",)
    return Looked(findings=findings, notes=notes, is_off=not there.is_whole)


def _bucket_findings(environment: Environment, addresses: Addresses) -> tuple[Finding, ...]:
    bucket = environment.names.bucket
    try:
        is_others = Storage(addresses, environment.project_id).missing_permissions(bucket, ("storage.buckets.get",))
    except PermissionDeniedError:
        is_others = ("storage.buckets.get",)
    except GoogleApiError as error:
        if error.status != 404:
            raise
        is_others = ()
    if not is_others:
        return ()
    problem = "is there and not ours to read: bucket names are one world for all"
    return found_one(NAME_CHECK, f"bucket {bucket}", problem, "choose another name_prefix").findings


def look_at_ranges(environment: Environment, addresses: Addresses, found: Collection[Found]) -> Looked:
    """Look whether others in the environment's network, or in networks that are its peers, use its ranges."""
    if environment.network.existing or not any(one.kind == NETWORK for one in found):
        return Looked()
    rest = GoogleRest(addresses, environment.project_id)
    taken: dict[str, list[str]] = {}
    ours = (environment.region, environment.names.subnetwork)
    own = f"projects/{environment.project_id}/global/networks/{environment.names.network}"
    network = rest.get(COMPUTE, f"/compute/v1/{own}", f"read the network {environment.names.network}")
    peers = [_relative(one["network"]) for one in network.get("peerings") or () if one["name"] != PEERING]
    unseen: list[str] = []
    for name in dict.fromkeys((own, *peers)):
        try:
            subnetworks = _subnetworks(rest, name)
        except GoogleApiError as error:
            if name == own or not (
                isinstance(error, PermissionDeniedError | ServiceDisabledError) or error.status == 404
            ):
                raise
            unseen.append(f"ranges: those of the peer {name} may not be looked at")
            continue
        for place, subnetwork in subnetworks:
            if name != own or (place, subnetwork["name"]) != ours:
                ranges = [subnetwork.get("ipCidrRange"), *_secondary(subnetwork)]
                where = place if name == own else f"{place} of the peer {name}"
                taken[f"subnetwork {subnetwork['name']} in {where}"] = [one for one in ranges if one]
    return Looked(findings=range_findings(environment, taken, found), notes=tuple(unseen))


def look_at_state_bucket(environment: Environment, addresses: Addresses) -> Looked:
    """Look whether the bucket of the state is ours to write to; one that is yet to be made is fine."""
    bucket, project = environment.state.bucket, environment.project_id
    storage, subject = Storage(addresses, project), f"state bucket {bucket}"
    try:
        missing = storage.missing_permissions(bucket, STATE_PERMISSIONS)
    except PermissionDeniedError:
        problem = "belongs to somebody else, or we may not read it: bucket names are one world for all"
        return found_one(
            "state-bucket", subject, problem, "choose another state.bucket, or be given roles/storage.admin"
        )
    except GoogleApiError as error:
        if error.status == 404:
            return Looked()
        raise
    if not missing:
        return Looked()
    who = member(principal(addresses))
    fix = f"gcloud storage buckets add-iam-policy-binding gs://{bucket} --member={who} --role=roles/storage.admin"
    return found_one("state-bucket", subject, f"we lack {', '.join(missing)} on it", fix)


def _subnetworks(rest: GoogleRest, network: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the subnetworks of a network, each with its region."""
    project = network.split("/")[1]
    path = f"/compute/v1/projects/{project}/aggregated/subnetworks"
    found: list[tuple[str, dict[str, Any]]] = []
    for page in rest.pages(COMPUTE, path, f"list the subnetworks of {network}"):
        for scope, group in (page.get("items") or {}).items():
            found += [(scope.rpartition("/")[2], one) for one in group.get("subnetworks") or ()]
    return [(place, one) for place, one in found if _relative(one.get("network", "")) == network]


def _secondary(subnetwork: dict[str, Any]) -> list[str]:
    return [one.get("ipCidrRange", "") for one in subnetwork.get("secondaryIpRanges") or ()]


def _relative(link: str) -> str:
    return f"projects/{link.rpartition('/projects/')[2]}" if "/projects/" in link else link
