"""Keeps the addresses of each Service's pods, as Endpoints and as an EndpointSlice, and gives load balancers theirs.

Source: Endpoints (v1), EndpointSlice (discovery.k8s.io/v1), and the annotations of kube-controller-manager.
"""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.clusters.controller.objects import (
    Object,
    controller_reference,
    digest,
    is_deleted,
    is_true,
    key_of,
    labels_of,
    matches,
    name_of,
    namespace_of,
    short_hash,
    uid_of,
)
from sandbox.clusters.controller.resources import ENDPOINTS, NODES, PODS, SERVICES, SLICES
from sandbox.clusters.controller.world import Key, Reconciler, World, own_key

NAME = "endpoints"
SERVICE_LABEL = "kubernetes.io/service-name"
ENDPOINTS_LABELS = {"endpoints.kubernetes.io/managed-by": "endpoint-controller"}
SLICE_LABELS = {"endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"}
LOAD_BALANCER_SECONDS = 45.0


async def reconcile(world: World, key: Key) -> None:
    """Look at one Service."""
    service = world.get(SERVICES, key)
    if service is None:
        found = world.get(ENDPOINTS, key)
        # Endpoints have no owner; those that somebody else wrote stay.
        if found is not None and not is_deleted(found) and ENDPOINTS_LABELS.items() <= labels_of(found).items():
            await world.delete(ENDPOINTS, found)
        return
    if is_deleted(service):
        return
    if service["spec"].get("type") == "LoadBalancer":
        await _balance(world, service)
    if service["spec"].get("selector"):
        pods = sorted(_pods_of(world, service), key=lambda pod: str(pod["status"].get("podIP")))
        await _write_endpoints(world, service, pods)
        await _write_slice(world, service, pods)


def ready_addresses(endpoints: Object) -> int:
    """Return how many ready addresses there are."""
    return sum(len(subset.get("addresses") or []) for subset in endpoints.get("subsets") or [])


def _pods_of(world: World, service: Object) -> list[Object]:
    selector = {"matchLabels": service["spec"]["selector"]}
    return [
        pod
        for pod in world.stores[PODS].within(namespace_of(service))
        if matches(selector, labels_of(pod))
        and pod["status"].get("podIP")
        and pod["status"].get("phase") not in ("Succeeded", "Failed")
        and not is_deleted(pod)
    ]


def _is_ready(service: Object, pod: Object) -> bool:
    return bool(service["spec"].get("publishNotReadyAddresses")) or is_true(pod, "Ready")


async def _write_endpoints(world: World, service: Object, pods: list[Object]) -> None:
    ready = [_address(pod) for pod in pods if _is_ready(service, pod)]
    others = [_address(pod) for pod in pods if not _is_ready(service, pod)]
    subset: Object = {}
    if ready:
        subset["addresses"] = ready
    if others:
        subset["notReadyAddresses"] = others
    ports = _ports(service, pods)
    if ports:
        subset["ports"] = ports
    subsets = [subset] if ready or others else []
    known = world.get(ENDPOINTS, key_of(service))
    if known is None:
        labels = {**labels_of(service), **ENDPOINTS_LABELS}
        metadata = {"name": name_of(service), "namespace": namespace_of(service), "labels": labels}
        await world.create(
            ENDPOINTS, {"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata, "subsets": subsets}
        )
    elif (known.get("subsets") or []) != subsets:
        await world.patch(ENDPOINTS, known, {"subsets": subsets})


def _address(pod: Object) -> Object:
    return {"ip": pod["status"]["podIP"], "nodeName": pod["spec"]["nodeName"], "targetRef": _reference(pod)}


def _reference(pod: Object) -> Object:
    return {"kind": "Pod", "namespace": namespace_of(pod), "name": name_of(pod), "uid": uid_of(pod)}


def _ports(service: Object, pods: list[Object]) -> list[Object]:
    ports = []
    for port in service["spec"].get("ports") or []:
        number = _target(port, pods)
        if number is not None:
            name = {"name": port["name"]} if port.get("name") else {}
            ports.append({**name, "port": number, "protocol": port.get("protocol", "TCP")})
    return ports


def _target(port: Object, pods: list[Object]) -> int | None:
    target = port.get("targetPort", port["port"])
    if isinstance(target, int):
        return target
    for pod in pods:
        for container in pod["spec"]["containers"]:
            for each in container.get("ports") or []:
                if each.get("name") == target:
                    return int(each["containerPort"])
    return None


async def _write_slice(world: World, service: Object, pods: list[Object]) -> None:
    wanted = {
        "endpoints": [_endpoint(world, service, pod) for pod in pods],
        "ports": [{"name": "", **port} for port in _ports(service, pods)],
    }
    name = f"{name_of(service)}-{short_hash(uid_of(service), length=5)}"
    known = world.get(SLICES, (namespace_of(service), name))
    if known is None:
        metadata = {
            "name": name,
            "namespace": namespace_of(service),
            "labels": {**labels_of(service), **SLICE_LABELS, SERVICE_LABEL: name_of(service)},
            "ownerReferences": [controller_reference(service, SERVICES)],
        }
        head = {"apiVersion": SLICES.api_version, "kind": SLICES.kind, "metadata": metadata}
        await world.create(SLICES, {**head, "addressType": "IPv4", **wanted})
    elif any((known.get(field) or []) != value for field, value in wanted.items()):
        await world.patch(SLICES, known, wanted)


def _endpoint(world: World, service: Object, pod: Object) -> Object:
    ready = _is_ready(service, pod)
    node = world.get(NODES, ("", pod["spec"]["nodeName"]))
    zone = labels_of(node).get("topology.kubernetes.io/zone") if node else None
    return {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {"ready": ready, "serving": ready, "terminating": False},
        "nodeName": pod["spec"]["nodeName"],
        "targetRef": _reference(pod),
        **({"zone": zone} if zone else {}),
    }


async def _balance(world: World, service: Object) -> None:
    if (service.get("status") or {}).get("loadBalancer", {}).get("ingress"):
        return
    world.note(service, SERVICES, "EnsuringLoadBalancer", "Ensuring load balancer")
    if world.has_passed((NAME, key_of(service)), uid_of(service), "balance", LOAD_BALANCER_SECONDS):
        number = int(digest(world.cluster, *key_of(service))[:6], 16)
        address = f"34.{64 + (number >> 16) % 64}.{(number >> 8) % 256}.{number % 254 + 1}"
        ingress = [{"ip": address, "ipMode": "VIP"}]
        await world.update_status(SERVICES, service, {"loadBalancer": {"ingress": ingress}})
        world.note(service, SERVICES, "EnsuredLoadBalancer", "Ensured load balancer")


def _selecting(world: World, pod: Object) -> Iterable[Key]:
    for service in world.stores[SERVICES].within(namespace_of(pod)):
        selector = service["spec"].get("selector")
        if selector and matches({"matchLabels": selector}, labels_of(pod)):
            yield key_of(service)


def _of_slice(world: World, piece: Object) -> Iterable[Key]:
    name = labels_of(piece).get(SERVICE_LABEL)
    return ((namespace_of(piece), name),) if name else ()


RECONCILER = Reconciler(NAME, {SERVICES: own_key, PODS: _selecting, ENDPOINTS: own_key, SLICES: _of_slice}, reconcile)
