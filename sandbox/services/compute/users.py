"""Who uses a network or a subnetwork: what refuses its deletion.

The resources of other services are known by what they store: GKE's clusters ("container.clusters") and Workbench's
instances ("notebooks.instances") hold `network` and `subnetwork` as relative names under `placement`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.kernel.cloud import Cloud
from sandbox.kernel.resources import Document, Resources
from sandbox.services.compute.references import Reference

_OF_LOAD_BALANCERS = ("forwardingRules", "targetHttpProxies", "targetHttpsProxies", "urlMaps", "backendServices")
_IN_NETWORKS = ("firewalls", "subnetworks", "routers", "addresses", "forwardingRules", "networkEndpointGroups")


def users_of_network(cloud: Cloud, name: str, document: Document) -> Iterator[str]:
    """Return the relative names of what uses a network."""
    project = name.split("/")[1]
    for plural in _IN_NETWORKS:
        for user, other in Resources(cloud, f"compute.{plural}").items(f"projects/{project}/"):
            if other.get("network") == name:
                yield user
    for peering in document.get("peerings", ()):
        yield f"{name}/peerings/{peering['name']}"


def users_of_subnetwork(cloud: Cloud, name: str) -> Iterator[str]:
    """Return the relative names of what uses a subnetwork."""
    project = name.split("/")[1]
    for user, _ in clusters_in(cloud, name):
        yield user
    for user, instance in Resources(cloud, "notebooks.instances").items(f"projects/{project}/"):
        if instance.get("placement", {}).get("subnetwork") == name:
            _, _, _, zone, _, short = user.split("/")
            yield f"projects/{project}/zones/{zone}/instances/{short}"
    for user, router in Resources(cloud, "compute.routers").items(f"projects/{project}/"):
        for nat in router.get("nats", ()):
            if any(one.get("name") == name for one in nat.get("subnetworks", ())):
                yield user


def clusters_in(cloud: Cloud, subnetwork: str) -> Iterator[tuple[str, Document]]:
    """Return (name, document) of the GKE clusters in a subnetwork."""
    project = subnetwork.split("/")[1]
    for user, cluster in Resources(cloud, "container.clusters").items(f"projects/{project}/"):
        if cluster.get("placement", {}).get("subnetwork") == subnetwork:
            yield user, cluster


def users_of_link(cloud: Cloud, reference: Reference, document: Document) -> Iterator[str]:
    """Return the relative names of what refers to a part of a load balancer, in whatever field."""
    for plural in _OF_LOAD_BALANCERS:
        for user, other in Resources(cloud, f"compute.{plural}").items(f"projects/{reference.project}/"):
            if user != reference.path and _says(other, reference.path):
                yield user


def _says(value: Any, name: str) -> bool:
    if isinstance(value, dict | list):
        return any(_says(one, name) for one in (value.values() if isinstance(value, dict) else value))
    return bool(value == name)
