"""What goes when an environment is destroyed, in which order, and what stays: decided here, without I/O.

The data stays unless it is given up: the bucket of artifacts, the database and the secrets, and where there is a
database, of the network what its private address hangs on. It stays in Terraform's state, so that the next create finds
and uses it. Terraform cannot leave things out of a destroy, so it is given the list of what is to go; what depends on
that goes with it.

A create that was killed between a call and the write of the state leaves a *stray*: it is there, and Terraform does not
know it. What carries the environment's exact name and the marks that only our modules give (labels, a description, our
network) goes all the same, through the services' own APIs. Without the marks it may be somebody else's, and stays.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from environment.errors import SpecError
from environment.existing_parts import Kind
from environment.findings import Finding
from environment.spec import Environment

NETWORK_MODULE = "module.network."
DATABASE_TYPE = "google_sql_database_instance"
CLUSTER_TYPE = "google_container_cluster"
OF_PROJECT = (DATABASE_TYPE, CLUSTER_TYPE, "google_compute_network", "google_service_account")
"""What tells which project a state is of."""
BUCKET, DATABASE, NETWORK, ADDRESS, SECRET = "bucket", "database", "network", "address", "secret"
CLUSTER, NOTEBOOK, ACCOUNT, ROLE = "cluster", "notebook", "service account", "role"
FIREWALL, ROUTER, SUBNETWORK = "firewall rule", "router", "subnetwork"
KEPT_ADDRESSES = {
    BUCKET: ("module.artifact_store.",),
    DATABASE: ("module.database.",),
    NETWORK: (
        "module.network.google_compute_network.",
        "module.network.google_compute_global_address.",
        "module.network.google_service_networking_connection.",
    ),
}
DATA_KINDS = frozenset({BUCKET, DATABASE, SECRET})
CARRIES_DATA = frozenset({NETWORK, ADDRESS})
"""What a kept database needs."""
STRAYS_FIRST = (CLUSTER, NOTEBOOK, ROLE, ACCOUNT, BUCKET)
STRAYS_LAST = (FIREWALL, ROUTER, SUBNETWORK, ADDRESS, NETWORK)
"""Of the network, users before what they use: when its clusters, their leftovers and the peering are gone."""
NOT_MADE: dict[Kind, frozenset[str]] = {
    "network": frozenset({ADDRESS, NETWORK, ROUTER, SUBNETWORK}),
    "cluster": frozenset({CLUSTER}),
    "artifact_store": frozenset({BUCKET}),
}
"""What is not made, and so needs no name and is nobody's to remove, where something of a kind exists."""
MADE_HERE = "made-here"
"""The check of what is called existing and made here."""
BESIDE_TERRAFORM = frozenset({DATABASE, SECRET})
"""What has steps of its own, whoever knows it."""
SERVICES_BY_TYPE = {
    "google_compute_": "compute.googleapis.com",
    "google_container_": "container.googleapis.com",
    "google_project_iam_": "cloudresourcemanager.googleapis.com",
    "google_service_account": "iam.googleapis.com",
    "google_service_networking_": "servicenetworking.googleapis.com",
    "google_sql_": "sqladmin.googleapis.com",
    "google_storage_": "storage.googleapis.com",
    "google_workbench_": "notebooks.googleapis.com",
}
_COMMANDS = {
    ACCOUNT: "iam service-accounts delete {name}",
    ADDRESS: "compute addresses delete {name} {option}",
    BUCKET: "storage rm --recursive gs://{name}",
    CLUSTER: "container clusters delete {name} --location={place}",
    DATABASE: "sql instances delete {name}",
    FIREWALL: "compute firewall-rules delete {name}",
    NETWORK: "compute networks delete {name}",
    NOTEBOOK: "workbench instances delete {name} --location={place}",
    ROUTER: "compute routers delete {name} {option}",
    SECRET: "secrets delete {name}",
    SUBNETWORK: "compute networks subnets delete {name} {option}",
    "target http proxy": "compute target-http-proxies delete {name} {option}",
    "target https proxy": "compute target-https-proxies delete {name} {option}",
}
_INDEX = re.compile(r"\[[^]]*\]")


class Found(NamedTuple):
    """Something that is there: its kind, its name, and where: "global", "regions/R" or "zones/Z" of Compute Engine.

    Elsewhere the place is a location, or nothing. `is_marked` tells whether it carries what only our modules give it,
    `owner` which environment its labels name, where it was made by us and takes labels.
    """

    kind: str
    name: str
    place: str = ""
    is_marked: bool = True
    owner: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class ManagedState(BaseModel):
    """What Terraform's state holds: addresses without indexes, what is protected, the names of all that it manages.

    `is_readable` is false where Cloud Storage is off: then nothing can be said.
    """

    model_config = ConfigDict(frozen=True)

    addresses: tuple[str, ...] = ()
    is_cluster_protected: bool = False
    database: str | None = None
    projects: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    is_readable: bool = True


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


def destroy_table(report: DestroyReport) -> list[dict[str, str]]:
    """Return warnings, and a row for each thing, what was kept first; Prefect's UI has the columns of the first row."""
    outcomes = {"warning": report.warnings, "kept": report.kept, "removed": report.removed}
    return [{"outcome": outcome, "what": one} for outcome, things in outcomes.items() for one in things]


def parse_managed(text: str | None) -> ManagedState:
    """Read from a state which resources Terraform manages."""
    resources = list(_managed(json.loads(text) if text else {}))
    attributes = [(_address(one), found) for one in resources for found in _attributes(one)]
    databases = [found["name"] for address, found in attributes if f".{DATABASE_TYPE}." in address and found]
    return ManagedState(
        addresses=tuple(sorted({_address(one) for one in resources})),
        is_cluster_protected=any(
            f".{CLUSTER_TYPE}." in address and bool(found.get("deletion_protection")) for address, found in attributes
        ),
        database=databases[0] if databases else None,
        projects=frozenset(
            found["project"]
            for address, found in attributes
            if address.split(".")[-2] in OF_PROJECT and found.get("project")
        ),
        names=frozenset(name for _, found in attributes for name in _names(found)),
    )


def without_protection(text: str) -> str:
    """Return a state, as Terraform takes it for the next one, in which no cluster is protected against deletion.

    The protection of a cluster is a setting in the state and nowhere else. An apply would clear it too, but first bring
    the cluster, and all that it depends on, to what the spec says today.
    """
    document = json.loads(text)
    for resource in _managed(document):
        if resource["type"] == CLUSTER_TYPE:
            for found in _attributes(resource):
                found["deletion_protection"] = False
    return json.dumps({**document, "serial": document["serial"] + 1})


def without_database(text: str) -> str:
    """Return a state, as Terraform takes it for the next one, without the database: it is gone already."""
    document = json.loads(text)
    left = [one for one in document["resources"] if one["mode"] != "managed" or one["type"] != DATABASE_TYPE]
    return json.dumps({**document, "serial": document["serial"] + 1, "resources": left})


def labelled(
    environment: Environment, kind: str, name: str, place: str = "", *, labels: Mapping[str, str] | None
) -> Found:
    """Return something that takes labels: they tell whether it is this environment's, or which one's."""
    marks, labels = environment.resource_labels, labels or {}
    owner = labels.get("environment", "") if labels.get("managed-by") == marks["managed-by"] else ""
    return Found(kind, name, place, is_marked=owner == marks["environment"], owner=owner)


def existing_things(environment: Environment) -> tuple[Found, ...]:
    """Return what the spec calls existing, and is somebody else's."""
    network, cluster = environment.network.existing, environment.cluster.existing
    database, bucket = environment.database.existing, environment.artifact_store.existing
    found = []
    if network:
        found.append(Found(NETWORK, network.network, "global"))
        found.append(Found(SUBNETWORK, network.subnetwork, f"regions/{environment.region}"))
    if cluster:
        found.append(Found(CLUSTER, cluster.name, cluster.location))
    if database:
        found.append(Found(DATABASE, database.instance))
    if bucket:
        found.append(Found(BUCKET, bucket.bucket))
    return tuple(found)


def made_here(environment: Environment, names: Collection[str]) -> tuple[Finding, ...]:
    """Return what the spec calls existing though it has one of the names in the environment's own state."""
    return tuple(
        Finding(
            check=MADE_HERE,
            subject=str(one),
            problem=f"the spec calls it existing, and {environment.name} has made it: Terraform would remove it",
            fix=f"leave `existing` out of the spec, or take {one} out of the state",
        )
        for one in existing_things(environment)
        if one.name in names
    )


def is_existing(thing: Found, environment: Environment) -> bool:
    """Tell whether something with one of our names is what the spec calls existing."""
    return any((thing.kind, thing.name) == (one.kind, one.name) for one in existing_things(environment))


def is_made(thing: Found, environment: Environment, managed: ManagedState) -> bool:
    """Tell whether something with one of our names may be of this environment's making.

    Beside what exists none of its kind is made, nor the account of a cluster's nodes: what has such a name is somebody
    else's, whatever it looks like, unless an earlier spec has made it and the state knows it.
    """
    if is_existing(thing, environment):
        return False
    unmade = frozenset[str]().union(*(NOT_MADE.get(kind, frozenset()) for kind in environment.existing))
    account = environment.names.account_email("node")
    is_of_nodes = thing.kind in (ACCOUNT, ROLE) and thing.name.rpartition(":")[2] == account
    is_unmade = thing.kind in unmade or (is_of_nodes and "cluster" in environment.existing)
    return not is_unmade or thing.name in managed.names


def without_neighbours(found: Iterable[Found], environment: Environment, managed: ManagedState) -> tuple[Found, ...]:
    """Leave out rules in a network of others that are not surely ours: another project in it may have their names."""
    is_shared = "network" in environment.existing
    return tuple(one for one in found if not (is_shared and one.kind == FIREWALL and not may_remove(one, managed)))


def check_state_fits(managed: ManagedState, environment: Environment) -> None:
    """Refuse a spec whose names or project are not those of the state: Terraform would remove what nobody looked at.

    Raises:
        SpecError: Names what the state holds.
    """
    hint = f"name_prefix or project_id of {environment.name} has changed since; set it back"
    if managed.database and not environment.names.is_database(managed.database):
        raise SpecError(f"the state holds {managed.database}, which is not named by {environment.name_prefix}", hint)
    if own := made_here(environment, managed.names):
        raise SpecError(f"{own[0].subject}: {own[0].problem}", own[0].fix)
    if others := sorted(managed.projects - {environment.project_id}):
        raise SpecError(f"the state holds things of project {', '.join(others)}, not {environment.project_id}", hint)


def check_owners(found: Iterable[Found], environment: Environment) -> None:
    """Refuse to touch what another environment has made under the same names.

    Raises:
        SpecError: Names both environments.
    """
    for one in found:
        if one.owner not in ("", environment.resource_labels["environment"]):
            raise SpecError(
                f"{one} is labelled as of the environment {one.owner}, not {environment.name}",
                f"{environment.name} and {one.owner} share a project: their name_prefix must differ",
            )


def check_neighbours(others: Mapping[str, ManagedState], environment: Environment) -> None:
    """Refuse names that the state of another environment of the project holds: also what takes no labels has some.

    Raises:
        SpecError: Names both environments.
    """
    names = environment.names
    ours = {names.network, names.subnetwork, names.router, names.private_services, names.cluster, names.bucket}
    for other, managed in sorted(others.items()):
        if environment.project_id in managed.projects and (taken := sorted(ours & managed.names)):
            raise SpecError(
                f"{', '.join(taken)} of project {environment.project_id} is in the state of the environment {other}, "
                f"not of {environment.name}",
                f"{environment.name} and {other} share a project: their name_prefix must differ",
            )


def check_project(managed: ManagedState, environment: Environment) -> None:
    """Refuse a state of another project: it is another environment's, of the same name.

    Raises:
        SpecError: Names both projects.
    """
    if others := sorted(managed.projects - {environment.project_id}):
        raise SpecError(
            f"gs://{environment.state.bucket}/{environment.state_prefix} holds the state of {environment.name} in "
            f"project {', '.join(others)}, not {environment.project_id}",
            "give this environment a name or a state of its own, or set project_id back",
        )


def needed_services(managed: ManagedState) -> tuple[str, ...]:
    """Return the APIs without which Terraform can remove nothing of what it manages."""
    types = [address.rsplit(".", 2)[-2] for address in managed.addresses]
    needed = (service for prefix, service in SERVICES_BY_TYPE.items() if any(one.startswith(prefix) for one in types))
    return tuple(sorted(set(needed)))


def kinds_to_keep(found: Iterable[Found], *, delete_data: bool) -> frozenset[str]:
    """Return the kinds that stay on purpose; the network only stays for a database that is there."""
    if delete_data:
        return frozenset()
    return DATA_KINDS | (CARRIES_DATA if any(one.kind == DATABASE for one in found) else frozenset())


def first_targets(managed: ManagedState, kept: Collection[str]) -> tuple[str, ...]:
    """Return what goes first: all but the network, which GKE's leftovers and the peering still hold."""
    return tuple(one for one in last_targets(managed, kept) if not one.startswith(NETWORK_MODULE))


def last_targets(managed: ManagedState, kept: Collection[str]) -> tuple[str, ...]:
    """Return all that goes: of the first ones nothing is left by then."""
    stays = tuple(prefix for kind, prefixes in KEPT_ADDRESSES.items() if kind in kept for prefix in prefixes)
    # A database that somebody else deleted is in the state still, and would go with the network: it keeps nothing.
    if DATABASE in kept and NETWORK not in kept:
        stays = tuple(one for one in stays if one not in KEPT_ADDRESSES[DATABASE])
    return tuple(one for one in managed.addresses if not one.startswith(stays))


def takes_database(targets: Collection[str]) -> bool:
    """Tell whether the database is among what goes; Cloud SQL's own API has deleted it before, or somebody else has."""
    return any(one.startswith(KEPT_ADDRESSES[DATABASE]) for one in targets)


def split_kept(found: Iterable[Found], kept: Collection[str]) -> tuple[tuple[Found, ...], tuple[Found, ...]]:
    """Return (what stays on purpose, what should be gone)."""
    things = tuple(found)
    return tuple(one for one in things if one.kind in kept), tuple(one for one in things if one.kind not in kept)


def may_remove(thing: Found, managed: ManagedState) -> bool:
    """Tell whether something is surely ours: Terraform knows it, or it carries our marks."""
    return thing.is_marked or thing.name in managed.names


def is_ours(kind: str, found: Iterable[Found], managed: ManagedState) -> bool:
    """Tell whether there is something of this kind, and it is surely ours."""
    return any(one.kind == kind and may_remove(one, managed) for one in found)


def is_foreign(kind: str, found: Iterable[Found], managed: ManagedState) -> bool:
    """Tell whether something of this kind has our name, and may be somebody else's."""
    return any(one.kind == kind and not may_remove(one, managed) for one in found)


def may_sweep(found: Iterable[Found], managed: ManagedState) -> bool:
    """Tell whether what GKE has left is surely of our cluster in our network, by whose names it is known."""
    things = tuple(found)
    return not any(is_foreign(kind, things, managed) for kind in (CLUSTER, NETWORK))


def strays(found: Iterable[Found], managed: ManagedState, kinds: Iterable[str]) -> tuple[Found, ...]:
    """Return what is ours, though Terraform does not know it: of these kinds, in their order.

    A role of an account that is somebody else's is not ours either.
    """
    things = tuple(found)
    others = {one.name for one in things if one.kind == ACCOUNT and not may_remove(one, managed)}
    ours = [one for one in things if one.is_marked and one.name not in managed.names]
    ours = [one for one in ours if one.kind != ROLE or one.name.rpartition(":")[2] not in others]
    return tuple(one for kind in kinds for one in ours if one.kind == kind)


def removal_command(thing: Found, project_id: str) -> str:
    """Return the command with which a person removes what destroy leaves alone."""
    if thing.kind == ROLE:
        role, _, member = thing.name.partition(" of ")
        return f"gcloud projects remove-iam-policy-binding {project_id} --role={role} --member={member}"
    scope, _, where = thing.place.partition("/")
    option = f"--{scope.removesuffix('s')}={where}" if where else f"--{scope}"
    general = f"compute {thing.kind.replace(' ', '-')}s delete {{name}} {{option}}"  # what GKE has left
    command = _COMMANDS.get(thing.kind, general).format(name=thing.name, place=thing.place, option=option)
    return f"gcloud {command} --project={project_id}"


def _managed(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (one for one in document.get("resources") or () if one["mode"] == "managed" and one["instances"])


def _attributes(resource: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    return (one["attributes"] for one in resource["instances"] if one.get("attributes"))


def _names(attributes: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names by which the inventory knows a resource: of a role, "ROLE of MEMBER"."""
    yield from (attributes[key] for key in ("name", "email") if isinstance(attributes.get(key), str))
    if attributes.get("role") and attributes.get("member"):
        yield f"{attributes['role']} of {attributes['member']}"


def _address(resource: Mapping[str, Any]) -> str:
    module = _INDEX.sub("", resource.get("module", ""))
    return f"{module}{'.' if module else ''}{resource['type']}.{resource['name']}"
