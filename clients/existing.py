"""Read what exists and belongs to somebody else: network, cluster, database, bucket; each by reads of its own, at once.

What is not there, or cannot be read, is told and stops no other look.

Sources: networks, subnetworks, globalAddresses and projects.getXpnHost of compute v1, clusters of container v1,
instances, databases and users of sqladmin v1beta4, buckets of storage v1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from clients.addresses import Addresses
from clients.discovery_api import open_api, pages, unless_gone
from clients.endpoint import ANSWERING, read_endpoint
from clients.gke import access_of
from clients.google_errors import google_errors
from clients.infrastructure import read_managed
from clients.kubernetes.apply_sets import list_installations
from clients.kubernetes.discovery import Resource
from clients.kubernetes.objects import Objects, close_cluster, open_cluster
from clients.kubernetes.removal import DEFINITIONS as CUSTOM_RESOURCE_DEFINITIONS
from clients.root_user import is_user_of
from clients.secret_manager import SecretManager
from environment import existing_requirements as rules
from environment.apply_set import PART_OF_LABEL, PIPELINES, ApplySet
from environment.cluster_room import free_room, makes_nodes, most_nodes
from environment.errors import (
    CredentialsError,
    KubernetesError,
    PermissionDeniedError,
    ServiceDisabledError,
    UnreachableError,
)
from environment.existing import UNSEEN_API, UNSEEN_PERMISSION, subject_of
from environment.existing_facts import (
    BucketFacts,
    ClusterFacts,
    DatabaseFacts,
    ExistingFacts,
    InstallationFacts,
    NetworkFacts,
    PoolFacts,
    SubnetworkFacts,
)
from environment.existing_parts import KINDS, Kind
from environment.findings import Finding
from environment.names import PEERING
from environment.objects import ObjectReference
from environment.spec import Environment

NODES, PODS = Resource("", "v1", "Node", "nodes", False), Resource("", "v1", "Pod", "pods", True)
APIS: dict[Kind, str] = {
    "network": "compute.googleapis.com",
    "cluster": "container.googleapis.com",
    "database": "sqladmin.googleapis.com",
    "artifact_store": "storage.googleapis.com",
}


def read_existing(environment: Environment, addresses: Addresses) -> ExistingFacts:
    """Read all that the spec calls existing; nothing, and no call, where it calls nothing so."""
    kinds = [kind for kind in KINDS if kind in environment.existing]
    if not kinds:
        return ExistingFacts()
    with ThreadPoolExecutor(len(kinds) + 1) as pool:
        made = pool.submit(_made, environment, addresses)
        answers = dict(zip(kinds, pool.map(lambda kind: _look(environment, addresses, kind), kinds), strict=True))
    found: dict[str, Any] = {}
    for answer in answers.values():
        found |= {name: value for name, value in answer.items() if name != "unreadable"}
    return ExistingFacts(
        **{name: value for name, value in found.items() if value is not None},
        made=made.result(),
        missing=frozenset(kind for kind, answer in answers.items() if kind in answer and answer[kind] is None),
        unreadable=tuple(one for answer in answers.values() for one in answer.get("unreadable", ())),
    )


def _made(environment: Environment, addresses: Addresses) -> frozenset[str]:
    try:
        return read_managed(environment, addresses).names
    except (ServiceDisabledError, PermissionDeniedError):
        return frozenset()  # without its state no step gets anywhere


def _look(environment: Environment, addresses: Addresses, kind: Kind) -> dict[str, Any]:
    """Return the facts of a kind, None for what is not there; what cannot be read is a finding of its own."""
    subject = subject_of(environment, kind)
    project = environment.network_project if kind == "network" else environment.project_id
    try:
        with google_errors(f"read the {subject}", subject):
            return _READERS[kind](environment, addresses)
    except ServiceDisabledError:
        fix = f"gcloud services enable {APIS[kind]} --project={project}"
        return _unreadable(UNSEEN_API, subject, f"{APIS[kind]} is off in {project}", fix)
    except PermissionDeniedError as error:
        return _unreadable(
            UNSEEN_PERMISSION, subject, error.message, error.hint or f"grant a role that reads it in {project}"
        )


def _unreadable(check: str, subject: str, problem: str, fix: str) -> dict[str, Any]:
    return {"unreadable": (Finding(check=check, subject=subject, problem=problem, fix=fix),)}


def _network(environment: Environment, addresses: Addresses) -> dict[str, Any]:
    wanted, project = environment.network.existing, environment.network_project
    assert wanted is not None
    with open_api(addresses, environment.project_id, "compute", "v1") as api:
        network = unless_gone(api.networks().get(project=project, network=wanted.network))
        if network is None:
            return {"network": None}
        inside = [
            one
            for _, group in pages(api.subnetworks(), "aggregatedList", "items", project=project)
            for one in group.get("subnetworks") or ()
            if _is_in(one, wanted.network)
        ]
        ranges = [
            f"{one['address']}/{one['prefixLength']}"
            for one in pages(api.globalAddresses(), "list", "items", project=project)
            if one.get("purpose") == "VPC_PEERING" and _is_in(one, wanted.network)
        ]
        is_connected = any(one["name"] == PEERING for one in network.get("peerings") or ())
        host = "" if project == environment.project_id else _host_of(api, environment.project_id)
    here = [one for one in inside if one["name"] == wanted.subnetwork and _last(one["region"]) == environment.region]
    facts = NetworkFacts(
        subnetwork=_subnetwork(here[0]) if here else None,
        taken=tuple(cidr for one in inside for cidr in _ranges(one)),
        private_services=tuple(ranges) if is_connected else None,
        host=host,
    )
    return {"network": facts}


def _subnetwork(document: dict[str, Any]) -> SubnetworkFacts:
    return SubnetworkFacts(
        primary=document["ipCidrRange"],
        secondary={one["rangeName"]: one["ipCidrRange"] for one in document.get("secondaryIpRanges") or ()},
        has_private_google_access=bool(document.get("privateIpGoogleAccess")),
    )


def _ranges(subnetwork: dict[str, Any]) -> Iterable[str]:
    yield subnetwork["ipCidrRange"]
    yield from (one["ipCidrRange"] for one in subnetwork.get("secondaryIpRanges") or ())


def _host_of(api: Any, project_id: str) -> str | None:
    try:
        with google_errors(f"read the host project of {project_id}", project_id):
            found = unless_gone(api.projects().getXpnHost(project=project_id)) or {}
    except ServiceDisabledError:
        return None  # only a project with Compute Engine can be attached
    return found.get("name")


def _cluster(environment: Environment, addresses: Addresses) -> dict[str, Any]:
    place = f"projects/{environment.project_id}/locations/{environment.location}"
    with open_api(addresses, environment.project_id, "container", "v1") as api:
        name = f"{place}/clusters/{environment.cluster_name}"
        found = unless_gone(api.projects().locations().clusters().get(name=name))
    if found is None:
        return {"cluster": None}
    text = (found.get("networkConfig") or {}).get("network") or found.get("network", "")
    facts = ClusterFacts(
        status=found.get("status", ""),
        version=found.get("currentMasterVersion", ""),
        workload_pool=(found.get("workloadIdentityConfig") or {}).get("workloadPool", ""),
        network=text if "/" in text else f"projects/{environment.project_id}/global/networks/{text}",
        pools=tuple(_pool(one) for one in found.get("nodePools") or ()),
    )
    if facts.status not in ANSWERING:
        return {"cluster": facts}
    access = access_of(found, addresses)
    try:
        facts = facts.model_copy(update={"endpoint": (endpoint := read_endpoint(found, addresses))})
        if endpoint.problem:
            return {"cluster": facts}
        objects = open_cluster(addresses, access)
        room = None if makes_nodes(found) else free_room(objects.list(NODES).items, objects.list(PODS).items)
        return {"cluster": facts, "installation": _installation(environment, objects), "room": room}
    except (UnreachableError, KubernetesError, CredentialsError) as error:
        fix = rules.CLUSTER_RUNNING.fix.format(
            cluster=environment.cluster_name, location=environment.location, project=environment.project_id
        )
        subject = subject_of(environment, "cluster")
        return {"cluster": facts, **_unreadable(rules.CLUSTER_RUNNING.check, subject, error.message, error.hint or fix)}
    finally:
        close_cluster(addresses, access)


def _pool(document: dict[str, Any]) -> PoolFacts:
    config = document.get("config") or {}
    mode = (config.get("workloadMetadataConfig") or {}).get("mode", "")
    return PoolFacts(
        name=document["name"],
        scopes=tuple(config.get("oauthScopes") or ()),
        metadata=mode,
        most_nodes=most_nodes(document),
    )


def _installation(environment: Environment, objects: Objects) -> InstallationFacts:
    namespace = environment.pipelines.namespace
    installed = list_installations(objects, PIPELINES)
    ours = ApplySet(PIPELINES, namespace, "", environment.owner, is_guest=True)
    # Definitions that a destroy left to others are of the set of a namespace that has gone.
    sets = {ours.id, *(ApplySet(PIPELINES, one, "").id for one in installed)}
    found = objects.get(ObjectReference("", "v1", "Namespace", "", namespace))
    defined = objects.list(CUSTOM_RESOURCE_DEFINITIONS, metadata_only=True).items
    foreign = [one["metadata"] for one in defined if one["metadata"]["name"] in rules.DEFINITIONS]
    return InstallationFacts(
        has_namespace=found is not None,
        is_ours=found is not None and (ours.has_made(found) or installed.get(namespace) == environment.owner),
        owners=installed,
        definitions=tuple(
            sorted(one["name"] for one in foreign if (one.get("labels") or {}).get(PART_OF_LABEL) not in sets)
        ),
    )


def _database(environment: Environment, addresses: Addresses) -> dict[str, Any]:
    target = {"project": environment.project_id, "instance": environment.database_name("")}
    with open_api(addresses, environment.project_id, "sqladmin", "v1beta4") as api:
        found = unless_gone(api.instances().get(**target))
        if found is None:
            return {"database": None}
        is_running = found.get("state") == "RUNNABLE"  # another one lists neither
        databases = api.databases().list(**target).execute().get("items") or () if is_running else ()
        users = api.users().list(**target).execute().get("items") or () if is_running else ()
    settings = found.get("settings") or {}
    kinds = {one.get("type") for one in found.get("ipAddresses") or ()}
    facts = DatabaseFacts(
        state=found.get("state", ""),
        version=found.get("databaseVersion", ""),
        region=found.get("region", ""),
        flags={one["name"]: str(one.get("value", "")) for one in settings.get("databaseFlags") or ()},
        network=_relative((settings.get("ipConfiguration") or {}).get("privateNetwork", "")),
        has_public_address="PRIMARY" in kinds,
        databases=tuple(one["name"] for one in databases),
        users=tuple(one["name"] for one in users),
        has_our_user=_has_our_user(environment, addresses),
    )
    return {"database": facts}


def _has_our_user(environment: Environment, addresses: Addresses) -> bool | None:
    secret_manager = SecretManager(addresses, environment.project_id)
    try:
        annotations = secret_manager.annotations(environment.names.root_password_secret)
    except ServiceDisabledError:
        return None
    return is_user_of(annotations, environment.database_name(""))


def _bucket(environment: Environment, addresses: Addresses) -> dict[str, Any]:
    with open_api(addresses, environment.project_id, "storage", "v1") as api:
        found = unless_gone(api.buckets().get(bucket=environment.bucket_name))
    if found is None:
        return {"artifact_store": None}
    uniform = (found.get("iamConfiguration") or {}).get("uniformBucketLevelAccess") or {}
    facts = BucketFacts(
        location=found.get("location", ""),
        kind=found.get("locationType", "region"),
        locations=tuple((found.get("customPlacementConfig") or {}).get("dataLocations") or ()),
        is_uniform=bool(uniform.get("enabled")),
    )
    return {"artifact_store": facts}


def _is_in(document: dict[str, Any], network: str) -> bool:
    return _last(document.get("network", "")) == network


def _last(link: str) -> str:
    return link.rpartition("/")[2]


def _relative(link: str) -> str:
    """Return "projects/…" of a link to a resource of Compute Engine."""
    _, found, path = link.partition("projects/")
    return f"{found}{path}"


_READERS: dict[Kind, Callable[[Environment, Addresses], dict[str, Any]]] = {
    "network": _network,
    "cluster": _cluster,
    "database": _database,
    "artifact_store": _bucket,
}
