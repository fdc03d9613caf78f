"""Gives pods addresses of their nodes' ranges."""

from __future__ import annotations

import ipaddress

from sandbox.clusters.controller.objects import Object, uid_of
from sandbox.clusters.controller.resources import NODES, PODS
from sandbox.clusters.controller.world import World


def addresses_of(world: World, pod: Object, *, with_pod_address: bool) -> Object:
    """Return the address fields of a pod's status."""
    node = world.get(NODES, ("", pod["spec"]["nodeName"]))
    if node is None:
        return {}
    host = next((each["address"] for each in node["status"]["addresses"] if each["type"] == "InternalIP"), "")
    fields: Object = {"hostIP": host, "hostIPs": [{"ip": host}]}
    address = (pod.get("status") or {}).get("podIP")
    if with_pod_address and not address:
        address = host if pod["spec"].get("hostNetwork") else _reserve(world, pod, node)
    if address:
        fields.update(podIP=address, podIPs=[{"ip": address}])
    return fields


def _reserve(world: World, pod: Object, node: Object) -> str:
    """Return a free address; it stays the pod's until it is in the pod's status, and until the pod is gone."""
    if uid_of(pod) not in world.reserved_addresses:
        taken = {(each.get("status") or {}).get("podIP") for each in world.stores[PODS].all()}
        taken.update(world.reserved_addresses.values())
        hosts = ipaddress.ip_network(node["spec"]["podCIDR"]).hosts()
        next(hosts)  # the node's own bridge
        world.reserved_addresses[uid_of(pod)] = next(str(each) for each in hosts if str(each) not in taken)
    return world.reserved_addresses[uid_of(pod)]
