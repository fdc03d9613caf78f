"""What is left in an environment's network when its cluster is gone: listed, and removed, through Compute Engine v1.

GKE's own cleaning is best effort: firewall rules, forwarding rules and endpoint groups of Services, disks of claims may
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
from clients.discovery_api import open_api, pages
from clients.google_errors import google_errors
from environment.destruction import Found, is_disk_of, is_left_by_gke
from environment.errors import GoogleApiError, UnreachableError
from environment.names import Names

KINDS = {
    "firewalls": "firewall rule",
    "forwardingRules": "forwarding rule",
    "networkEndpointGroups": "network endpoint group",
    "disks": "disk",
}
PEERING = "servicenetworking-googleapis-com"
OPERATION_SECONDS = 600.0


@contextmanager
def open_leftovers(addresses: Addresses, names: Names) -> Iterator[NetworkLeftovers]:
    """Open what holds the network of one environment, for one thread."""
    with open_api(addresses, names.project_id, "compute", "v1") as api:
        yield NetworkLeftovers(api, names)


class NetworkLeftovers:
    """What holds the network of one environment."""

    def __init__(self, api: Any, names: Names) -> None:
        self._api = api
        self._names = names

    def list(self) -> tuple[Found, ...]:
        """Return what GKE has left for this environment's cluster."""
        with google_errors("list what GKE has left", self._names.network):
            return tuple(found for plural in KINDS for found in self._of_kind(plural))

    def _of_kind(self, plural: str) -> Iterator[Found]:
        project = self._names.project_id
        for place, one in _everywhere(self._api, plural, project):
            if self._is_left(plural, one):
                yield Found(KINDS[plural], one["name"], place)

    def _is_left(self, plural: str, one: dict[str, Any]) -> bool:
        if plural == "disks":
            return not one.get("users") and is_disk_of(self._names.cluster, one["name"], one.get("labels") or {})
        return str(one.get("network", "")).endswith(f"/networks/{self._names.network}") and is_left_by_gke(one["name"])

    def delete(self, found: Found) -> None:
        """Delete one of them; one that is gone already is fine."""
        plural = next(plural for plural, kind in KINDS.items() if kind == found.kind)
        where, argument = _place(found.place, plural)
        singular = {"firewalls": "firewall"}.get(plural, plural[:-1])
        method = {"forwardingRules": {"global": "globalForwardingRules"}}.get(plural, {}).get(found.place, where)
        arguments = {"project": self._names.project_id, singular: found.name, **argument}
        with google_errors(f"delete {found}", found.name):
            self._gone(lambda: getattr(self._api, method)().delete(**arguments).execute())

    def cut_peering(self) -> bool:
        """Remove the peering with Google's services from the network; say whether there was one."""
        project, network = self._names.project_id, self._names.network
        with google_errors(f"cut the peering of {network}", network):
            document = self._gone(lambda: self._api.networks().get(project=project, network=network).execute(), False)
            if not any(one["name"] == PEERING for one in (document or {}).get("peerings", ())):
                return False
            body = {"name": PEERING}
            request = self._api.networks().removePeering(project=project, network=network, body=body)
            self._wait(request.execute())
        return True

    def _gone(self, call: Any, is_operation: bool = True) -> Any:
        from googleapiclient.errors import HttpError

        try:
            answer = call()
        except HttpError as error:
            if error.status_code == 404:
                return None
            raise
        if is_operation:
            self._wait(answer)
        return answer

    def _wait(self, operation: dict[str, Any]) -> None:
        deadline, project = time.monotonic() + OPERATION_SECONDS, self._names.project_id
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


def _everywhere(api: Any, plural: str, project: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (place, resource): "global", or the name of a region or a zone as "regions/R"."""
    if plural == "firewalls":
        yield from (("global", one) for one in pages(api.firewalls(), "list", "items", project=project))
        return
    for place, group in pages(getattr(api, plural)(), "aggregatedList", "items", project=project):
        yield from ((place, one) for one in group.get(plural) or ())


def _place(place: str, plural: str) -> tuple[str, dict[str, str]]:
    """Return the collection and the argument that say where a resource is."""
    scope, _, name = place.partition("/")
    if scope == "global":
        return ("globalNetworkEndpointGroups" if plural == "networkEndpointGroups" else plural), {}
    if scope == "regions":
        return {"networkEndpointGroups": "regionNetworkEndpointGroups", "disks": "regionDisks"}.get(plural, plural), {
            "region": name
        }
    return plural, {"zone": name}
