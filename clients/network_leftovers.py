"""What holds an environment's network when its cluster is gone: listed, and removed, through Compute Engine v1.

GKE's own cleaning is best effort: firewall rules, load balancers and endpoint groups of Services, disks of claims may
outlive the cluster, and then a network cannot go. So it is with the peering of private services access, which Google
refuses to disconnect for hours after the last database: it is cut from the network's side.

Source: https://cloud.google.com/compute/docs/reference/rest/v1
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from clients.addresses import Addresses
from clients.discovery_api import check_complete, open_api, pages, unless_gone
from clients.google_errors import google_errors
from environment.destruction import Found
from environment.errors import GoogleApiError, ServiceDisabledError, UnreachableError
from environment.gke_leftovers import USERS_FIRST, Listed, left_by_gke
from environment.names import PEERING
from environment.spec import Environment

KINDS = {
    "backendServices": "backend service",
    "disks": "disk",
    "firewalls": "firewall rule",
    "forwardingRules": "forwarding rule",
    "globalAddresses": "address",
    "networkEndpointGroups": "network endpoint group",
    "networks": "network",
    "routers": "router",
    "subnetworks": "subnetwork",
    "targetHttpProxies": "target http proxy",
    "targetHttpsProxies": "target https proxy",
    "targetPools": "target pool",
    "urlMaps": "url map",
}
_SINGULARS = {
    "globalAddresses": "address",
    "targetHttpProxies": "targetHttpProxy",
    "targetHttpsProxies": "targetHttpsProxy",
}
_COLLECTIONS = {
    ("forwardingRules", "global"): "globalForwardingRules",
    ("networkEndpointGroups", "global"): "globalNetworkEndpointGroups",
    ("backendServices", "regions"): "regionBackendServices",
    ("disks", "regions"): "regionDisks",
    ("networkEndpointGroups", "regions"): "regionNetworkEndpointGroups",
    ("targetHttpProxies", "regions"): "regionTargetHttpProxies",
    ("targetHttpsProxies", "regions"): "regionTargetHttpsProxies",
    ("urlMaps", "regions"): "regionUrlMaps",
}
"""Where the library has a collection under another name than its kind's, by kind and scope."""
OPERATION_SECONDS = 600.0


@contextmanager
def open_leftovers(addresses: Addresses, environment: Environment) -> Iterator[NetworkLeftovers]:
    """Open what holds the network of one environment, for one thread."""
    with (
        open_api(addresses, environment.project_id, "compute", "v1") as compute,
        open_api(addresses, environment.project_id, "container", "v1") as container,
    ):
        yield NetworkLeftovers(compute, container, environment)


class NetworkLeftovers:
    """What holds the network of one environment."""

    def __init__(self, compute: Any, container: Any, environment: Environment) -> None:
        self._api = compute
        self._container = container
        self._environment = environment
        self._project = environment.project_id

    def list(self) -> tuple[Found, ...]:
        """Return what GKE has left of this environment's cluster, users before what they use."""
        environment, network = self._environment, self._environment.network_name
        if environment.cluster.existing:
            return ()  # what is there of a cluster that stays is no leftover
        with google_errors("list what GKE has left", network):
            listed = [one for plural in USERS_FIRST for one in _everywhere(self._api, plural, self._project_of(plural))]
        left = left_by_gke(
            listed,
            network,
            environment.names.cluster,
            environment.location,
            others=self._other_clusters(),
            is_shared=environment.network.existing is not None,
        )
        return tuple(Found(KINDS[one.plural], one.name, one.place, is_marked=False) for one in left)

    def _other_clusters(self) -> frozenset[str]:
        """Return the names of other clusters in the network; one of ours in another place is another cluster."""
        ours, network = (self._environment.names.cluster, self._environment.location), self._environment.network_name
        clusters = self._container.projects().locations().clusters()
        try:
            with google_errors("list clusters", network):
                answer = clusters.list(parent=f"projects/{self._project}/locations/-").execute()
        except ServiceDisabledError:
            return frozenset()
        check_complete(answer)
        others = (one for one in answer.get("clusters") or () if (one["name"], one["location"]) != ours)
        return frozenset(one["name"] for one in others if _last(one.get("network")) == network)

    def _project_of(self, plural: str) -> str:
        """Return the project of a kind: rules are where the network is, which may be shared from another project."""
        return self._environment.network_project if plural == "firewalls" else self._project

    def delete(self, found: Found) -> None:
        """Delete one thing of any of the kinds, and wait for it; one that is gone already is fine."""
        plural = next(plural for plural, kind in KINDS.items() if kind == found.kind)
        scope, _, place = found.place.partition("/")
        collection = getattr(self._api, _COLLECTIONS.get((plural, scope), plural))()
        arguments = {"project": self._project_of(plural), _SINGULARS.get(plural, plural.removesuffix("s")): found.name}
        if place:
            arguments[scope.removesuffix("s")] = place
        with google_errors(f"delete {found}", found.name):
            if begun := unless_gone(collection.delete(**arguments)):
                self._wait(begun, self._project_of(plural))

    def cut_peering(self) -> bool:
        """Remove the peering with Google's services from the network; say whether there was one."""
        project, network = self._project, self._environment.names.network
        with google_errors(f"cut the peering of {network}", network):
            document = unless_gone(self._api.networks().get(project=project, network=network))
            if not any(one["name"] == PEERING for one in (document or {}).get("peerings", ())):
                return False
            body = {"name": PEERING}
            request = self._api.networks().removePeering(project=project, network=network, body=body)
            self._wait(request.execute(), project)
        return True

    def _wait(self, operation: dict[str, Any], project: str) -> None:
        deadline = time.monotonic() + OPERATION_SECONDS
        while operation["status"] != "DONE":
            if time.monotonic() > deadline:
                raise UnreachableError(f"operation {operation['name']} did not end in {OPERATION_SECONDS:.0f} s")
            name = operation["name"]
            if "zone" in operation:
                zone = operation["zone"].rsplit("/", 1)[-1]
                operation = self._api.zoneOperations().wait(project=project, zone=zone, operation=name).execute()
            elif "region" in operation:
                region = operation["region"].rsplit("/", 1)[-1]
                operation = self._api.regionOperations().wait(project=project, region=region, operation=name).execute()
            else:
                operation = self._api.globalOperations().wait(project=project, operation=name).execute()
        if errors := operation.get("error", {}).get("errors"):
            raise GoogleApiError(f"operation {operation['name']} failed: {errors[0].get('message', errors[0])}")


def _last(link: str | None) -> str:
    return (link or "").rpartition("/")[2]


def _everywhere(api: Any, plural: str, project: str) -> Iterator[Listed]:
    """Yield all of a kind; "global" firewall rules have no listing of all places."""
    if plural == "firewalls":
        yield from (Listed(plural, "global", one) for one in pages(api.firewalls(), "list", "items", project=project))
        return
    for place, group in pages(getattr(api, plural)(), "aggregatedList", "items", project=project):
        yield from (Listed(plural, place, one) for one in group.get(plural) or ())
