"""Shared VPC: host projects, and the service projects whose clusters may be in their networks.

Source: https://cloud.google.com/compute/docs/reference/rest/v1/projects (enableXpnHost, enableXpnResource, getXpnHost…)
"""

from __future__ import annotations

from typing import Any

from sandbox.kernel import operation_shapes
from sandbox.kernel.bodies import field
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import ApiError, invalid
from sandbox.kernel.routes import Call, Route
from sandbox.services.compute.references import HOST, ROOT

Json = dict[str, Any]
HOSTS = "compute.shared-vpc"
"""By host project: `{"services": [service project, …]}`."""
_SECONDS = 5.0


def is_attached(cloud: Cloud, service: str, host: str) -> bool:
    """Tell whether a project may use the networks of another, or of itself."""
    return service == host or service in (cloud.store.get(HOSTS, host) or {"services": []})["services"]


def require_attached(cloud: Cloud, service: str, host: str, subnetwork: str) -> None:
    """Refuse the network of a project that does not share it.

    Raises:
        ApiError: 403.
    """
    if not is_attached(cloud, service, host):
        message = f"Google Compute Engine: Required 'compute.subnetworks.use' permission for '{subnetwork}'."
        raise ApiError(403, message, reason="forbidden")


def get_host(call: Call) -> Json:
    """Answer the host project of a service project; an empty object where it is none."""
    for host, body in call.cloud.store.items(HOSTS):
        if call.project in body["services"]:
            link = call.cloud.link(HOST, f"/compute/v1/projects/{host}")
            return {"kind": "compute#project", "name": host, "xpnProjectStatus": "HOST", "selfLink": link}
    return {}


def get_resources(call: Call) -> Json:
    """Answer the service projects of a host project."""
    services = (call.cloud.store.get(HOSTS, call.project) or {"services": []})["services"]
    return {
        "kind": "compute#projectsGetXpnResources",
        "resources": [{"id": one, "type": "PROJECT"} for one in services],
    }


def enable_host(call: Call) -> Json:
    """Make a project a host project."""
    if call.cloud.store.get(HOSTS, call.project) is None:
        call.cloud.store.put(HOSTS, call.project, {"services": []})
    return _operation(call, "enableXpnHost")


def disable_host(call: Call) -> Json:
    """Make a project none any more; one with service projects stays."""
    if (call.cloud.store.get(HOSTS, call.project) or {"services": []})["services"]:
        raise invalid(f"Project '{call.project}' still has service projects and cannot be disabled as a host project.")
    call.cloud.store.delete(HOSTS, call.project)
    return _operation(call, "disableXpnHost")


def enable_resource(call: Call) -> Json:
    """Attach a service project; it may have one host only."""
    services, name = _services(call), _named(call)
    for host, body in call.cloud.store.items(HOSTS):
        if name in body["services"] and host != call.project:
            raise invalid(f"Project '{name}' is already attached to host project '{host}'.")
    call.cloud.store.put(HOSTS, call.project, {"services": sorted({*services, name})})
    return _operation(call, "enableXpnResource")


def disable_resource(call: Call) -> Json:
    """Detach a service project."""
    services, name = _services(call), _named(call)
    call.cloud.store.put(HOSTS, call.project, {"services": [one for one in services if one != name]})
    return _operation(call, "disableXpnResource")


def _services(call: Call) -> list[str]:
    host = call.cloud.store.get(HOSTS, call.project)
    if host is None:
        raise invalid(f"Project '{call.project}' is not a shared VPC host project.")
    return list(host["services"])


def _named(call: Call) -> str:
    resource = field(call.body, "xpnResource", dict, {})
    return call.cloud.projects.get(field(resource, "id", str, "")).project_id


def _operation(call: Call, verb: str) -> Json:
    target = call.cloud.link(HOST, f"/compute/v1/projects/{call.project}")
    begun = call.cloud.operations.start(
        HOST, call.project, verb=verb, target=target, scope="global", real_seconds=_SECONDS
    )
    return operation_shapes.compute(begun, target, done=call.cloud.operations.is_done(begun))


ROUTES = [
    Route("GET", f"{ROOT}/getXpnHost", get_host),
    Route("GET", f"{ROOT}/getXpnResources", get_resources),
    Route("POST", f"{ROOT}/enableXpnHost", enable_host),
    Route("POST", f"{ROOT}/disableXpnHost", disable_host),
    Route("POST", f"{ROOT}/enableXpnResource", enable_resource),
    Route("POST", f"{ROOT}/disableXpnResource", disable_resource),
]
