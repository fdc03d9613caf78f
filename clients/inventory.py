"""What is there of an environment, read from the services themselves: by its exact names, not from any state.

What has our name is marked as ours by what only our modules give it: the labels `managed-by` and `environment`, a
description, or that it is in our network; in a network of others a description it must be. The database that the state
names is asked for by that name: a listing may leave it out. Where an API is off there is nothing that it could list.

Sources: the list methods of container v1, sqladmin v1beta4, iam v1, notebooks v2, compute v1, storage v1, secretmanager
v1 and getIamPolicy of cloudresourcemanager v1. What the spec calls existing, and what is not made beside it, is not
listed: it is somebody else's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from clients.addresses import Addresses
from clients.discovery_api import check_complete, open_api, pages, unless_gone
from clients.google_errors import google_errors
from clients.network_leftovers import open_leftovers
from clients.secret_manager import SecretManager
from clients.storage import Storage
from environment.destruction import (
    ACCOUNT,
    ADDRESS,
    BUCKET,
    CLUSTER,
    DATABASE,
    FIREWALL,
    NETWORK,
    NOTEBOOK,
    ROLE,
    ROUTER,
    SECRET,
    SUBNETWORK,
    Found,
    ManagedState,
    is_made,
    labelled,
)
from environment.errors import PermissionDeniedError, ServiceDisabledError
from environment.spec import Environment

Look = Callable[[Environment, Addresses], Iterable[Found]]


@dataclass(frozen=True)
class Unseen:
    """What was not looked at: that its API is off (so there is none, or it cannot be told), or that we may not.

    Attributes:
        what: The kinds of things: "accounts".
        is_off: Whether their API is off.
    """

    what: str
    is_off: bool

    def __str__(self) -> str:
        """Return a note."""
        return f"{self.what}: {'none, since their API is off' if self.is_off else 'may not be looked at'}"


def read_inventory(
    environment: Environment, addresses: Addresses, managed: ManagedState, *, may_be_refused: bool = False
) -> tuple[tuple[Found, ...], tuple[Unseen, ...]]:
    """Return all that is there, and a note for each API that is off.

    Args:
        environment: The spec.
        addresses: Of the cloud.
        managed: What the state holds.
        may_be_refused: Leave out, with a note, what we may not look at, instead of raising.
    """

    def databases(environment: Environment, addresses: Addresses) -> Iterator[Found]:
        return _read_databases(environment, addresses, managed.database)

    looks = (_clusters, databases, _accounts, _roles, _notebooks, _networks, _leftovers, _bucket, _secrets)
    return _look_at_all(looks, environment, addresses, managed, may_be_refused=may_be_refused)


def read_labelled(environment: Environment, addresses: Addresses) -> tuple[Found, ...]:
    """Return what is there of all that tells by its labels which environment's it is; nothing of APIs that are off."""
    found, _ = _look_at_all((_clusters, _databases, _bucket, _secrets), environment, addresses, ManagedState())
    return found


def _look_at_all(
    looks: Collection[Look],
    environment: Environment,
    addresses: Addresses,
    managed: ManagedState,
    *,
    may_be_refused: bool = False,
) -> tuple[tuple[Found, ...], tuple[Unseen, ...]]:
    def look(read: Look) -> tuple[list[Found], Unseen | None]:
        try:
            with google_errors("take the inventory", environment.project_id):
                return list(read(environment, addresses)), None
        except ServiceDisabledError:
            return [], Unseen(read.__name__.strip("_"), is_off=True)
        except PermissionDeniedError:
            if not may_be_refused:
                raise
            return [], Unseen(read.__name__.strip("_"), is_off=False)

    with ThreadPoolExecutor(len(looks)) as pool:
        answers = list(pool.map(look, looks))
    things = (one for found, _ in answers for one in found)
    made = tuple(one for one in things if is_made(one, environment, managed))
    return made, tuple(note for _, note in answers if note)


def _clusters(environment: Environment, addresses: Addresses) -> Iterator[Found]:
    with open_api(addresses, environment.project_id, "container", "v1") as api:
        clusters = api.projects().locations().clusters()
        answer = clusters.list(parent=f"projects/{environment.project_id}/locations/-").execute()
        check_complete(answer)
        for one in answer.get("clusters") or ():
            if one["name"] == environment.names.cluster:
                yield labelled(environment, CLUSTER, one["name"], one["location"], labels=one.get("resourceLabels"))


def _databases(environment: Environment, addresses: Addresses) -> Iterator[Found]:
    return _read_databases(environment, addresses, None)


def _read_databases(environment: Environment, addresses: Addresses, known: str | None) -> Iterator[Found]:
    """Read the databases by name, and the one that the state names: gone is only what is not found when asked for."""
    with open_api(addresses, environment.project_id, "sqladmin", "v1beta4") as api:
        instances, project = api.instances(), environment.project_id
        found = {one["name"]: one for one in pages(instances, "list", "items", project=project)}
        if known and known not in found and (one := unless_gone(instances.get(project=project, instance=known))):
            found[known] = one
        for name, one in found.items():
            if name == known or environment.names.is_database(name):
                yield labelled(environment, DATABASE, name, labels=one["settings"].get("userLabels"))


def _accounts(environment: Environment, addresses: Addresses) -> Iterator[Found]:
    with open_api(addresses, environment.project_id, "iam", "v1") as api:
        accounts = api.projects().serviceAccounts()
        wanted = set(environment.names.service_accounts.values())
        for one in pages(accounts, "list", "accounts", name=f"projects/{environment.project_id}", pageSize=100):
            if one["email"].partition("@")[0] in wanted:
                is_marked = one.get("displayName", "").endswith(f" of {environment.name_prefix}")
                yield Found(ACCOUNT, one["email"], "", is_marked)


def _roles(environment: Environment, addresses: Addresses) -> Iterator[Found]:
    with open_api(addresses, environment.project_id, "cloudresourcemanager", "v1") as api:
        projects = api.projects()
        asked = {"options": {"requestedPolicyVersion": 3}}  # of older ones, bindings with conditions have other names
        policy = projects.getIamPolicy(resource=environment.project_id, body=asked).execute()
        domain = f"@{environment.project_id}.iam.gserviceaccount.com"
        ours = {f"serviceAccount:{name}{domain}" for name in environment.names.service_accounts.values()}
        for binding in policy.get("bindings") or ():
            for member in sorted(ours.intersection(binding["members"])):
                yield Found(ROLE, f"{binding['role']} of {member}")


def _notebooks(environment: Environment, addresses: Addresses) -> Iterator[Found]:
    with open_api(addresses, environment.project_id, "notebooks", "v2") as api:
        instances = api.projects().locations().instances()
        parent = f"projects/{environment.project_id}/locations/-"
        for one in pages(instances, "list", "instances", parent=parent):
            if one["name"].rsplit("/", 1)[-1] == environment.names.notebook:
                place = one["name"].split("/")[3]
                yield labelled(environment, NOTEBOOK, environment.names.notebook, place, labels=one.get("labels"))


def _networks(environment: Environment, addresses: Addresses) -> Iterator[Found]:
    names, project, region = environment.names, {"project": environment.project_id}, environment.region
    host = {"project": environment.network_project}  # where rules of a network are that is shared from there
    with open_api(addresses, environment.project_id, "compute", "v1") as api:
        for one in _named(api.networks(), (names.network,), project):
            is_marked = one.get("description", "") == f"VPC of the ML environment {names.prefix}"
            yield Found(NETWORK, one["name"], "global", is_marked)
        regional, place = {**project, "region": region}, f"regions/{region}"
        for kind, collection, known, where, scope in (
            (ADDRESS, api.globalAddresses(), (names.private_services,), project, "global"),
            (FIREWALL, api.firewalls(), names.firewall_rules, host, "global"),
            (SUBNETWORK, api.subnetworks(), (names.subnetwork,), regional, place),
            (ROUTER, api.routers(), (names.router,), regional, place),
        ):
            for one in _named(collection, known, where):
                yield Found(kind, one["name"], scope, _is_marked(environment, kind, one))


def _is_marked(environment: Environment, kind: str, found: Mapping[str, Any]) -> bool:
    """Tell whether a part of a network is ours: what is in our network is, in one of others what says so itself."""
    if environment.network.existing:
        return kind == FIREWALL and found.get("description") == environment.names.firewall_rules[found["name"]]
    return str(found.get("network", "")).endswith(f"/networks/{environment.network_name}")


def _named(collection: Any, names: Collection[str], where: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    return (one for one in pages(collection, "list", "items", **where) if one["name"] in names)


def _leftovers(environment: Environment, addresses: Addresses) -> Iterable[Found]:
    with open_leftovers(addresses, environment) as network:
        return network.list()


def _bucket(environment: Environment, addresses: Addresses) -> Iterator[Found]:
    name = environment.names.bucket
    labels = Storage(addresses, environment.project_id).read_labels(name)
    if labels is not None:
        yield labelled(environment, BUCKET, name, labels=labels)


def _secrets(environment: Environment, addresses: Addresses) -> Iterator[Found]:
    secret_manager = SecretManager(addresses, environment.project_id)
    for name in (environment.names.root_password_secret, environment.names.artifact_keys_secret):
        labels = secret_manager.read_labels(name)
        if labels is not None:
            yield labelled(environment, SECRET, name, labels=labels)
