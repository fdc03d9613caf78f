"""What is there of an environment, read from the services themselves: by its names, not from any state.

Where an API is off there is nothing that it could list.

Sources: the list methods of container v1, sqladmin v1beta4, iam v1, notebooks v2, compute v1, storage v1, secretmanager
v1 and getIamPolicy of cloudresourcemanager v1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from clients.addresses import Addresses
from clients.discovery_api import open_api, pages
from clients.google_errors import google_errors
from clients.network_leftovers import open_leftovers
from clients.secret_manager import SecretManager
from clients.storage import Storage
from environment.destruction import ADDRESS, BUCKET, DATABASE, NETWORK, SECRET, Found, is_ours
from environment.errors import ServiceDisabledError
from environment.spec import Environment


def read_inventory(environment: Environment, addresses: Addresses) -> tuple[tuple[Found, ...], tuple[str, ...]]:
    """Return all that is there, and a note for each API that is off."""
    looks = (_clusters, _databases, _accounts, _roles, _notebooks, _networks, _leftovers, _bucket, _secrets)

    def look(read: Callable[[Environment, Addresses], Iterable[Found]]) -> tuple[list[Found], str]:
        try:
            with google_errors("take the inventory", environment.project_id):
                return list(read(environment, addresses)), ""
        except ServiceDisabledError:
            return [], f"{read.__name__.strip('_')}: none, since their API is off"

    with ThreadPoolExecutor(len(looks)) as pool:
        answers = list(pool.map(look, looks))
    return tuple(one for found, _ in answers for one in found), tuple(note for _, note in answers if note)


def _clusters(environment: Environment, addresses: Addresses) -> Iterator[Found]:
    with open_api(addresses, environment.project_id, "container", "v1") as api:
        clusters = api.projects().locations().clusters()
        answer = clusters.list(parent=f"projects/{environment.project_id}/locations/-").execute()
        for one in answer.get("clusters") or ():
            if one["name"] == environment.names.cluster:
                yield Found("cluster", one["name"], one["location"])


def _databases(environment: Environment, addresses: Addresses) -> Iterator[Found]:
    with open_api(addresses, environment.project_id, "sqladmin", "v1beta4") as api:
        instances = api.instances()
        for one in pages(instances, "list", "items", project=environment.project_id):
            if one["name"].startswith(environment.names.database("")):
                yield Found(DATABASE, one["name"])


def _accounts(environment: Environment, addresses: Addresses) -> Iterator[Found]:
    with open_api(addresses, environment.project_id, "iam", "v1") as api:
        accounts = api.projects().serviceAccounts()
        wanted = set(environment.names.service_accounts.values())
        for one in pages(accounts, "list", "accounts", name=f"projects/{environment.project_id}", pageSize=100):
            if one["email"].partition("@")[0] in wanted:
                yield Found("service account", one["email"])


def _roles(environment: Environment, addresses: Addresses) -> Iterator[Found]:
    with open_api(addresses, environment.project_id, "cloudresourcemanager", "v1") as api:
        projects = api.projects()
        policy = projects.getIamPolicy(resource=environment.project_id, body={}).execute()
        domain = f"@{environment.project_id}.iam.gserviceaccount.com"
        ours = {f"serviceAccount:{name}{domain}" for name in environment.names.service_accounts.values()}
        for binding in policy.get("bindings") or ():
            for member in sorted(ours.intersection(binding["members"])):
                yield Found("role", f"{binding['role']} of {member}")


def _notebooks(environment: Environment, addresses: Addresses) -> Iterator[Found]:
    with open_api(addresses, environment.project_id, "notebooks", "v2") as api:
        instances = api.projects().locations().instances()
        parent = f"projects/{environment.project_id}/locations/-"
        for one in pages(instances, "list", "instances", parent=parent):
            if one["name"].rsplit("/", 1)[-1] == environment.names.notebook:
                yield Found("notebook", environment.names.notebook, one["name"].split("/")[3])


def _networks(environment: Environment, addresses: Addresses) -> Iterator[Found]:
    where = {"project": environment.project_id}
    with open_api(addresses, environment.project_id, "compute", "v1") as api:
        yield from _of_compute(api.networks(), NETWORK, environment, where)
        yield from _of_compute(api.globalAddresses(), ADDRESS, environment, where)
        yield from _of_compute(api.firewalls(), "firewall rule", environment, where)
        where["region"] = environment.region
        yield from _of_compute(api.subnetworks(), "subnetwork", environment, where)
        yield from _of_compute(api.routers(), "router", environment, where)


def _of_compute(collection: Any, kind: str, environment: Environment, where: dict[str, str]) -> Iterator[Found]:
    for one in pages(collection, "list", "items", **where):
        if is_ours(one["name"], environment.names):
            yield Found(kind, one["name"], where.get("region", "global"))


def _leftovers(environment: Environment, addresses: Addresses) -> Iterable[Found]:
    with open_leftovers(addresses, environment.names) as network:
        return network.list()


def _bucket(environment: Environment, addresses: Addresses) -> Iterator[Found]:
    name = environment.names.bucket
    if Storage(addresses, environment.project_id).has_bucket(name):
        yield Found(BUCKET, name)


def _secrets(environment: Environment, addresses: Addresses) -> Iterator[Found]:
    secret_manager = SecretManager(addresses, environment.project_id)
    for name in (environment.names.root_password_secret, environment.names.artifact_keys_secret):
        if secret_manager.annotations(name) is not None:
            yield Found(SECRET, name)
