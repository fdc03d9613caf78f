"""The paths of Compute Engine v1."""

from __future__ import annotations

from sandbox.kernel.request_types import typed
from sandbox.kernel.routes import Route, Service
from sandbox.services.compute import handlers, instance_groups, operations, places, shared_vpc
from sandbox.services.compute.references import HOST, ROOT

_PLACES = {
    "global": f"{ROOT}/global",
    "regions": f"{ROOT}/regions/{{region}}",
    "zones": f"{ROOT}/zones/{{zone}}",
}
_SCOPES = {
    "networks": ("global",),
    "firewalls": ("global",),
    "addresses": ("global", "regions"),
    "subnetworks": ("regions",),
    "routers": ("regions",),
    "instanceGroupManagers": ("zones",),
    "backendServices": ("global", "regions"),
    "forwardingRules": ("global", "regions"),
    "targetHttpProxies": ("global", "regions"),
    "targetHttpsProxies": ("global", "regions"),
    "targetPools": ("regions",),
    "urlMaps": ("global", "regions"),
    "autoscalers": ("zones",),
    "disks": ("zones",),
    "networkEndpointGroups": ("zones",),
}
_MADE = {
    "networks": "Network",
    "firewalls": "Firewall",
    "addresses": "Address",
    "subnetworks": "Subnetwork",
    "routers": "Router",
}
"""What requests can make, and the type of their body."""
_PATCHED = ("networks", "firewalls", "subnetworks", "routers")
_UPDATED = ("firewalls", "routers")
_KEPT = ("autoscalers", "instanceGroupManagers")


def _routes_of(plural: str, scope: str) -> list[Route]:
    collection = f"{_PLACES[scope]}/{plural}"
    one = collection + "/{name}"
    routes = [Route("GET", collection, handlers.list_), Route("GET", one, handlers.get)]
    if plural not in _KEPT:
        routes.append(Route("DELETE", one, handlers.delete))
    if plural in _MADE:
        routes.append(Route("POST", collection, typed("compute", _MADE[plural], handlers.insert)))
    if plural in _PATCHED:
        routes.append(Route("PATCH", one, typed("compute", _MADE[plural], handlers.patch)))
    if plural in _UPDATED:
        routes.append(Route("PUT", one, typed("compute", _MADE[plural], handlers.update)))
    if plural == "addresses":
        request = "GlobalSetLabelsRequest" if scope == "global" else "RegionSetLabelsRequest"
        routes.append(Route("POST", one + "/setLabels", typed("compute", request, handlers.set_labels)))
    return routes


def _operation_routes(place: str) -> list[Route]:
    return [
        Route("GET", f"{place}/operations", operations.list_),
        Route("GET", f"{place}/operations/{{name}}", operations.get),
        Route("POST", f"{place}/operations/{{name}}/wait", operations.wait, reads=True),
    ]


SERVICE = Service(
    HOST,
    [
        *shared_vpc.ROUTES,
        Route("GET", ROOT, places.get_project),
        Route("GET", f"{ROOT}/regions", places.list_regions),
        Route("GET", f"{ROOT}/regions/{{region}}", places.get_region),
        Route("GET", f"{ROOT}/zones", places.list_zones),
        Route("GET", f"{ROOT}/zones/{{zone}}", places.get_zone),
        Route("GET", f"{ROOT}/zones/{{zone}}/machineTypes", places.list_machine_types),
        Route("GET", f"{ROOT}/zones/{{zone}}/machineTypes/{{name}}", places.get_machine_type),
        Route("GET", f"{_PLACES['zones']}/instanceGroups", instance_groups.list_),
        Route("GET", f"{_PLACES['zones']}/instanceGroups/{{name}}", instance_groups.get),
        *(route for place in _PLACES.values() for route in _operation_routes(place)),
        *(route for plural, scopes in _SCOPES.items() for scope in scopes for route in _routes_of(plural, scope)),
        *(Route("GET", f"{ROOT}/aggregated/{plural}", handlers.list_aggregated) for plural in _SCOPES),
        Route(
            "POST",
            f"{ROOT}/global/networks/{{name}}/removePeering",
            typed("compute", "NetworksRemovePeeringRequest", handlers.remove_peering),
        ),
        Route(
            "POST",
            f"{_PLACES['regions']}/subnetworks/{{name}}/expandIpCidrRange",
            typed("compute", "SubnetworksExpandIpCidrRangeRequest", handlers.expand_ip_cidr_range),
        ),
        Route(
            "POST",
            f"{_PLACES['regions']}/subnetworks/{{name}}/setPrivateIpGoogleAccess",
            typed("compute", "SubnetworksSetPrivateIpGoogleAccessRequest", handlers.set_private_ip_google_access),
        ),
    ],
)
