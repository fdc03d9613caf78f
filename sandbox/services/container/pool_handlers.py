"""Requests about node pools of Kubernetes Engine v1.

Source: https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters.nodePools
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.kernel.bodies import field, without_nulls
from sandbox.kernel.errors import ApiError, invalid
from sandbox.kernel.resources import Document
from sandbox.kernel.routes import Call
from sandbox.services.container import store
from sandbox.services.container.capacity import operation_error
from sandbox.services.container.handlers import operation, path_of
from sandbox.services.container.node_pools import (
    checked_autoscaling,
    checked_locations,
    insert_pool,
    node_config,
    put_groups,
    remove_groups,
    remove_pool,
    view_pool,
)
from sandbox.services.container.versions import NO_CHANNEL, resolve

Json = dict[str, Any]
_CREATE_SECONDS = 90.0
_DELETE_SECONDS = 75.0
_UPGRADE_SECONDS = 120.0
_SET_SECONDS = 10.0
_WRAPPED = {"labels": "labels", "tags": "tags", "taints": "taints", "resourceLabels": "labels"}
_CONFIG = (
    "imageType",
    "workloadMetadataConfig",
    "linuxNodeConfig",
    "kubeletConfig",
    "gcfsConfig",
    "gvnic",
    "loggingConfig",
    "machineType",
    "diskType",
    "diskSizeGb",
    "fastSocket",
    "resourceManagerTags",
    "containerdConfig",
    "confidentialNodes",
    "windowsNodeConfig",
    "accelerators",
    "storagePools",
    "flexStart",
    "maxRunDuration",
    "bootDisk",
)


def get(call: Call) -> Json:
    """Answer a node pool."""
    path = path_of(call)
    return view_pool(call.cloud, path, store.read_pool(call.cloud, path, call.params["pool"]))


def list_(call: Call) -> Json:
    """Answer the node pools of a cluster."""
    path = path_of(call)
    store.read_cluster(call.cloud, path)
    found = store.pools_of(call.cloud, path)
    return {"nodePools": [view_pool(call.cloud, path, pool) for pool in found]} if found else {}


def create(call: Call) -> Json:
    """Make a node pool."""
    path = path_of(call)
    body = field(call.body, "nodePool", dict, {})
    with call.cloud.store.transaction():
        store.read_cluster(call.cloud, path)
        cluster = store.occupy(call.cloud, path, _CREATE_SECONDS)
        pool = insert_pool(call.cloud, path, cluster, body, _CREATE_SECONDS)
    target = f"{path}/nodePools/{pool['name']}"
    return operation(call, "CREATE_NODE_POOL", target, _CREATE_SECONDS, operation_error(pool))


def delete(call: Call) -> Json:
    """Remove a node pool with its machines."""
    path = path_of(call)
    with call.cloud.store.transaction():
        pool = store.read_pool(call.cloud, path, call.params["pool"])
        gone_at = store.occupy(call.cloud, path, _DELETE_SECONDS)["idle_at"]
        remove_pool(call.cloud, path, pool, gone_at)
    return operation(call, "DELETE_NODE_POOL", f"{path}/nodePools/{pool['name']}", _DELETE_SECONDS)


def update(call: Call) -> Json:
    """Change the fields that the body has; most replace the machines one by one."""
    body = without_nulls(call.body)
    return _change(call, "UPGRADE_NODES", _UPGRADE_SECONDS, lambda cluster, pool: _updated(call, pool, body))


def set_autoscaling(call: Call) -> Json:
    """Replace the settings of the autoscaler."""
    autoscaling = checked_autoscaling(field(call.body, "autoscaling", dict, {}))
    return _change(call, "UPDATE_CLUSTER", _SET_SECONDS, lambda _, pool: {**pool, "autoscaling": autoscaling})


def set_management(call: Call) -> Json:
    """Replace the settings of repair and upgrade."""
    management = field(call.body, "management", dict, {})

    def edit(cluster: Document, pool: Document) -> Document:
        channel = cluster["releaseChannel"].get("channel", NO_CHANNEL)
        if channel != NO_CHANNEL and not management.get("autoUpgrade"):
            raise invalid(f"Auto_upgrade must be true when release_channel {channel} is set.", reason="badRequest")
        return {**pool, "management": management}

    return _change(call, "SET_NODE_POOL_MANAGEMENT", _SET_SECONDS, edit)


def set_size(call: Call) -> Json:
    """Give a pool another number of nodes in each zone."""
    count = field(call.body, "nodeCount", int, 0)
    if not 0 <= count <= 1000:
        raise invalid(f"Invalid node_count {count}: must be from 0 to 1000.", reason="badRequest")
    return _change(call, "SET_NODE_POOL_SIZE", _CREATE_SECONDS, lambda _, pool: {**pool, "size": count})


def _change(call: Call, verb: str, seconds: float, edit: Callable[[Document, Document], Document]) -> Json:
    path = path_of(call)
    with call.cloud.store.transaction():
        before = store.read_pool(call.cloud, path, call.params["pool"])
        cluster = store.occupy(call.cloud, path, seconds)
        after = {**edit(cluster, before), "idle_at": cluster["idle_at"]}
        store.put_pool(call.cloud, path, after)
        put_groups(call.cloud, path, after)
        left = sorted(set(before["locations"]) - set(after["locations"]))
        remove_groups(call.cloud, path, after, left, cluster["idle_at"])
    return operation(call, verb, f"{path}/nodePools/{after['name']}", seconds)


def _updated(call: Call, pool: Document, body: Json) -> Document:
    config = {key: value for key, value in pool["config"].items() if key != "bootDisk"}
    for name, inner in _WRAPPED.items():
        if name in body:
            config[name] = body[name].get(inner, {} if inner == "labels" else [])
    config |= {name: body[name] for name in _CONFIG if name in body}
    changed = {**pool, "config": node_config(call.cloud, call.project, config)}
    if "queuedProvisioning" in body:
        raise ApiError(501, "The sandbox does not implement queuedProvisioning of a node pool")
    if "upgradeSettings" in body:
        changed["upgradeSettings"] = {**pool["upgradeSettings"], **field(body, "upgradeSettings", dict, {})}
    if "nodeNetworkConfig" in body:
        changed["networkConfig"] = {**pool["networkConfig"], **field(body, "nodeNetworkConfig", dict, {})}
    if field(body, "locations", list, []):
        changed["locations"] = checked_locations(call.params["location"], body["locations"])
    if version := field(body, "nodeVersion", str, ""):
        changed["version"] = resolve(version, "", "Node")
    return changed
