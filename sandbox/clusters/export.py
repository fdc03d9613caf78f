"""A cluster's objects without what differs between equal clusters.

Left out: what the cluster works out by itself and names at random (pods of workloads, their addresses, events), ids,
versions, times, numbers that count changes, addresses that the server picks, certificates of this cluster, and the
values of secrets.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from typing import Any

import httpx

Object = dict[str, Any]

_PASSING = frozenset({"events", "leases", "endpoints", "endpointslices", "controllerrevisions", "componentstatuses"})
_WORKED_OUT = frozenset({"Pod", "ReplicaSet", "Job"})
_VOLATILE = re.compile(
    r"uid|.*-uid|resourceVersion|generation|observedGeneration|managedFields|selfLink|caBundle|volumeName|volumeHandle|"
    r".*Timestamp|.*Time|clusterIPs?|(healthCheckN|n)odePort|ca\.crt|kubectl\.kubernetes\.io/last-applied-configuration|"
    r"deployment\.kubernetes\.io/revision|volume\.kubernetes\.io/selected-node"
)
HIDDEN = "(secret)"


def export_cluster(endpoint: str, authority: str, token: str) -> list[Object]:
    """Return the objects in a stable order.

    Args:
        endpoint: "127.0.0.1:PORT".
        authority: The certificate to verify it by, as PEM.
        token: A token that may read everything.
    """
    context = ssl.create_default_context(cadata=authority)
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"https://{endpoint}", verify=context, headers=headers, trust_env=False) as client:
        objects = [normalise(obj) for obj in _list_everything(client) if not _is_worked_out(obj)]
    return sorted(objects, key=_identity)


def normalise(obj: Object) -> Object:
    """Return an object without what differs between equal clusters."""
    kept: Object = _without_volatile(obj)
    if kept["kind"] == "Secret":
        for field in ("data", "stringData"):
            if field in kept:
                kept[field] = dict.fromkeys(kept[field], HIDDEN)
    return kept


def _without_volatile(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_volatile(item) for key, item in sorted(value.items()) if not _VOLATILE.fullmatch(key)}
    return [_without_volatile(item) for item in value] if isinstance(value, list) else value


def _list_everything(client: httpx.Client) -> Iterator[Object]:
    for root in _roots(client):
        for resource in _read(client, root)["resources"]:
            name = resource["name"]
            if "/" in name or "list" not in resource["verbs"] or name in _PASSING:
                continue
            found = _read(client, f"{root}/{name}")
            for item in found["items"]:
                yield {"apiVersion": found["apiVersion"], "kind": resource["kind"], **item}


def _roots(client: httpx.Client) -> Iterator[str]:
    yield "/api/v1"
    for group in _read(client, "/apis")["groups"]:
        yield f"/apis/{group['preferredVersion']['groupVersion']}"


def _read(client: httpx.Client, path: str) -> Object:
    answer = client.get(path, timeout=30)
    answer.raise_for_status()
    body: Object = answer.json()
    return body


def _is_worked_out(obj: Object) -> bool:
    if obj["kind"] == "PersistentVolume":
        return "claimRef" in obj["spec"]
    owners = obj["metadata"].get("ownerReferences") or []
    return obj["kind"] in _WORKED_OUT and any(owner.get("controller") for owner in owners)


def _identity(obj: Object) -> tuple[str, str, str, str]:
    return obj["apiVersion"], obj["kind"], obj["metadata"].get("namespace", ""), obj["metadata"]["name"]
