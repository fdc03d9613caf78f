"""Addresses and node ports of Services.

The real server takes them at random; here they follow from the Service's name where they are free, so that equal
clusters have equal addresses.
"""

from __future__ import annotations

import zlib
from typing import Any

from sandbox.kubernetes.storage import Store

Object = dict[str, Any]

# 10.96.0.0/16, as kubeadm and kind choose it; the first address is that of `kubernetes` itself.
NETWORK = "10.96"
_ADDRESSES = 2**16 - 2
NODE_PORTS = range(30000, 32768)


def allocate_addresses(store: Store, service: Object, old: Object | None) -> None:
    """Give a Service its addresses and ports in place, or keep those that it has."""
    spec = service["spec"]
    if spec.get("type") == "ExternalName":
        for key in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
            spec.pop(key, None)
        return
    if old is not None:
        _drop_what_the_type_lacks(spec, old["spec"])
        _keep(spec, old["spec"])
    taken = [each.view["spec"] for each in store.select("", "services") if each.view["metadata"] != service["metadata"]]
    if not spec.get("clusterIP"):
        spec["clusterIP"] = (spec.get("clusterIPs") or [""])[0] or _free_address(service, taken)
    spec.setdefault("clusterIPs", [spec["clusterIP"]])
    _set_families(spec)
    if spec.get("type") in ("NodePort", "LoadBalancer") and spec.get("allocateLoadBalancerNodePorts") is not False:
        _allocate_node_ports(service, taken)


def _drop_what_the_type_lacks(spec: Object, old: Object) -> None:
    """Forget what the old type needed and the new does not, unless the client has changed that too."""
    had_ports, has_ports = (each.get("type") in ("NodePort", "LoadBalancer") for each in (old, spec))
    if had_ports and not has_ports and _node_ports(spec) == _node_ports(old):
        for port in spec.get("ports") or []:
            port.pop("nodePort", None)
    if had_ports and not has_ports and not spec.get("externalIPs"):
        _forget_same(spec, old, "externalTrafficPolicy")
    if old.get("type") == "LoadBalancer" != spec.get("type"):
        for key in ("allocateLoadBalancerNodePorts", "healthCheckNodePort", "loadBalancerClass"):
            _forget_same(spec, old, key)


def _forget_same(spec: Object, old: Object, key: str) -> None:
    if spec.get(key) == old.get(key):
        spec.pop(key, None)


def _node_ports(spec: Object) -> set[int]:
    return {port["nodePort"] for port in spec.get("ports") or [] if port.get("nodePort")}


def _keep(spec: Object, old: Object) -> None:
    for key in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
        if not spec.get(key) and old.get(key):
            spec[key] = old[key]
    ports = {(port.get("protocol"), port.get("port")): port for port in old.get("ports") or []}
    if spec.get("type") not in ("NodePort", "LoadBalancer"):
        return
    for port in spec.get("ports") or []:
        before = ports.get((port.get("protocol"), port.get("port")))
        if before is not None and not port.get("nodePort") and before.get("nodePort"):
            port["nodePort"] = before["nodePort"]


def _set_families(spec: Object) -> None:
    if spec["clusterIP"] == "None" and not spec.get("selector") and not spec.get("ipFamilies"):
        spec.update(ipFamilies=["IPv4", "IPv6"], ipFamilyPolicy=spec.get("ipFamilyPolicy") or "RequireDualStack")
        return
    spec["ipFamilies"] = spec.get("ipFamilies") or ["IPv4"]
    spec["ipFamilyPolicy"] = spec.get("ipFamilyPolicy") or "SingleStack"


def _start(service: Object, port: object = "") -> int:
    metadata = service["metadata"]
    return zlib.crc32(f"{metadata.get('namespace')}/{metadata['name']}/{port}".encode())


def _free_address(service: Object, taken: list[Object]) -> str:
    used = {spec.get("clusterIP") for spec in taken}
    start = _start(service)
    for step in range(_ADDRESSES):
        # .0 is the network's and .1 the API server's.
        number = 2 + (start + step) % (_ADDRESSES - 2)
        address = f"{NETWORK}.{number // 256}.{number % 256}"
        if address not in used:
            return address
    raise RuntimeError("no free cluster address")


def _allocate_node_ports(service: Object, taken: list[Object]) -> None:
    used = {port.get("nodePort") for spec in taken for port in spec.get("ports") or []}
    for port in service["spec"].get("ports") or []:
        if not port.get("nodePort"):
            start = _start(service, port.get("port"))
            numbers = (NODE_PORTS[(start + step) % len(NODE_PORTS)] for step in range(len(NODE_PORTS)))
            port["nodePort"] = next(number for number in numbers if number not in used)
        used.add(port["nodePort"])
