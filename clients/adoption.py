"""Which resources that Terraform would make are there already: each is asked for by its name.

Sources: the get methods of compute v1, container v1, iam v1, notebooks v2 and sqladmin v1beta4
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clients.addresses import Addresses
from clients.discovery_api import open_api, unless_gone
from clients.google_errors import google_errors
from clients.parallel import in_parallel
from clients.storage import Storage
from environment.adoption import CONNECTION, Candidate
from environment.errors import ServiceDisabledError
from environment.names import PEERING
from environment.spec import Environment


def existing(
    environment: Environment, addresses: Addresses, candidates: tuple[Candidate, ...]
) -> tuple[Candidate, ...]:
    """Return those that are there; where an API is off there is nothing that it could name."""

    def is_there(one: Candidate) -> bool:
        with google_errors(f"look for {one.address}", one.import_id):
            try:
                return _look(environment, addresses, one)
            except ServiceDisabledError:
                return False

    found = in_parallel(is_there, candidates)
    return tuple(one for one, is_found in zip(candidates, found, strict=True) if is_found)


def _look(environment: Environment, addresses: Addresses, one: Candidate) -> bool:
    if one.type == "google_storage_bucket":
        return Storage(addresses, environment.project_id).has_bucket(one.arguments["name"])
    api_name, version, ask = _QUESTIONS[one.type]
    with open_api(addresses, environment.project_id, api_name, version) as api:
        if one.type == "google_compute_firewall" and environment.network.existing:
            return _has_our_rule(api, one)
        return ask(api, one)


def _get(collection: Callable[[Any], Any], **by: str) -> Callable[[Any, Candidate], bool]:
    """Ask a collection for an object; `by` names the arguments of the resource that the method takes."""

    def ask(api: Any, one: Candidate) -> bool:
        arguments = {name: one.arguments[argument] for name, argument in by.items()}
        return unless_gone(collection(api).get(**arguments)) is not None

    return ask


def _by_id(collection: Callable[[Any], Any]) -> Callable[[Any, Candidate], bool]:
    return lambda api, one: unless_gone(collection(api).get(name=one.import_id)) is not None


def _has_our_rule(api: Any, one: Candidate) -> bool:
    """Look in a network of others, where a neighbour's rule may have the name: ours says so."""
    found = unless_gone(api.firewalls().get(project=one.arguments["project"], firewall=one.arguments["name"]))
    return found is not None and found.get("description") == one.arguments["description"]


def _has_nat(api: Any, one: Candidate) -> bool:
    where = {"project": one.arguments["project"], "region": one.arguments["region"]}
    router = unless_gone(api.routers().get(**where, router=one.arguments["router"])) or {}
    return any(nat["name"] == one.arguments["name"] for nat in router.get("nats") or ())


def _has_connection(api: Any, one: Candidate) -> bool:
    where = {"project": one.arguments["project"], "network": one.arguments["name"]}
    network = unless_gone(api.networks().get(**where)) or {}
    return any(peering["name"] == PEERING for peering in network.get("peerings") or ())


_GLOBAL = {"project": "project"}
_REGIONAL = {"project": "project", "region": "region"}
_QUESTIONS: dict[str, tuple[str, str, Callable[[Any, Candidate], bool]]] = {
    "google_compute_firewall": ("compute", "v1", _get(lambda api: api.firewalls(), firewall="name", **_GLOBAL)),
    "google_compute_global_address": (
        "compute",
        "v1",
        _get(lambda api: api.globalAddresses(), address="name", **_GLOBAL),
    ),
    "google_compute_network": ("compute", "v1", _get(lambda api: api.networks(), network="name", **_GLOBAL)),
    "google_compute_router": ("compute", "v1", _get(lambda api: api.routers(), router="name", **_REGIONAL)),
    "google_compute_router_nat": ("compute", "v1", _has_nat),
    "google_compute_subnetwork": ("compute", "v1", _get(lambda api: api.subnetworks(), subnetwork="name", **_REGIONAL)),
    "google_container_cluster": ("container", "v1", _by_id(lambda api: api.projects().locations().clusters())),
    "google_container_node_pool": (
        "container",
        "v1",
        _by_id(lambda api: api.projects().locations().clusters().nodePools()),
    ),
    "google_service_account": ("iam", "v1", _by_id(lambda api: api.projects().serviceAccounts())),
    CONNECTION: ("compute", "v1", _has_connection),
    "google_sql_database_instance": (
        "sqladmin",
        "v1beta4",
        _get(lambda api: api.instances(), instance="name", **_GLOBAL),
    ),
    "google_workbench_instance": ("notebooks", "v2", _by_id(lambda api: api.projects().locations().instances())),
}
