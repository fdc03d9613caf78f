"""Node pools: their defaults, what a request may change, and the groups of machines behind them.

Source: https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters.nodePools
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Any

from sandbox.kernel.bodies import field, without_nulls
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import ApiError, already_exists, invalid
from sandbox.kernel.resources import Document, Resources, fingerprint, public
from sandbox.services.compute.geography import is_region, is_zone, region_of, zones_of
from sandbox.services.compute.groups import put_group, remove_group
from sandbox.services.compute.machine_types import machine_type
from sandbox.services.compute.quotas import require_quota
from sandbox.services.compute.references import HOST as COMPUTE
from sandbox.services.container import store
from sandbox.services.container.capacity import stock_out, view_failure
from sandbox.services.container.versions import NO_CHANNEL, resolve
from sandbox.services.orgpolicy.store import external_address_problem, shielded_problem

Json = dict[str, Any]
_NAME = re.compile(r"[a-z](?:[-a-z0-9]{0,38}[a-z0-9])?")
_INTERNAL = ("size", "created_at", "failure")
DEFAULT_SCOPES = [
    f"https://www.googleapis.com/auth/{scope}"
    for scope in (
        "devstorage.read_only",
        "logging.write",
        "monitoring",
        "service.management.readonly",
        "servicecontrol",
        "trace.append",
    )
]


def check_name(name: str, what: str) -> None:
    """Refuse a name that GKE does not take.

    Raises:
        ApiError: 400.
    """
    if not _NAME.fullmatch(name):
        raise _bad(
            f'Invalid value for field "{what}.name": "{name}". Must start with a lowercase letter, hold up to 40 '
            "lowercase letters, digits and hyphens, and not end with a hyphen."
        )


def insert_pool(cloud: Cloud, path: str, cluster: Document, body: Json, real_seconds: float) -> Document:
    """Make a node pool of a cluster, with its groups of machines.

    Raises:
        ApiError: 400 for a bad body, 409 where it exists.
    """
    body = without_nulls(body)
    name = field(body, "name", str, "")
    check_name(name, "node_pool")
    if Resources(cloud, store.POOLS).get(f"{path}/nodePools/{name}") is not None:
        raise already_exists(path, f"Already exists: {path}/nodePools/{name}.")
    pool = _new(cloud, path, cluster, body)
    project, nodes = path.split("/")[1], pool["size"] * len(pool["locations"])
    require_quota(cloud, project, cluster["location"], pool["config"], nodes, is_public=is_public(pool))
    if failure := cluster.get("failure") or _failure(cloud, project, cluster, pool):
        pool["failure"] = failure
    pool["ready_at"] = cloud.clock.now() + cloud.latency.pace(real_seconds)
    store.put_pool(cloud, path, pool)
    put_groups(cloud, path, pool)
    return pool


def _failure(cloud: Cloud, project: str, cluster: Document, pool: Document) -> str:
    """Return why the machines of a pool cannot be made, "" where they can."""
    refusal = external_address_problem(cloud, project) if is_public(pool) else ""
    shielded = pool["config"]["shieldedInstanceConfig"].get("enableSecureBoot")
    if not refusal and not (shielded and cluster.get("shieldedNodes", {}).get("enabled")):
        refusal = shielded_problem(cloud, project)
    return refusal or stock_out(cloud, pool["locations"])


def node_config(cloud: Cloud, project: str, asked: Json) -> Json:
    """Check the configuration of nodes and fill in its defaults.

    Raises:
        ApiError: 400 for an unknown machine type, or a service account that does not exist.
    """
    asked = without_nulls(asked)
    config: Json = {
        "machineType": "e2-medium",
        "diskSizeGb": 100,
        "diskType": "pd-balanced",
        "imageType": "COS_CONTAINERD",
        "serviceAccount": "default",
        "oauthScopes": DEFAULT_SCOPES,
        **{key: value for key, value in asked.items() if value not in ("", [])},
        "metadata": {"disable-legacy-endpoints": "true", **asked.get("metadata", {})},
        "shieldedInstanceConfig": {"enableIntegrityMonitoring": True, **asked.get("shieldedInstanceConfig", {})},
        "windowsNodeConfig": {},
        "effectiveCgroupMode": "EFFECTIVE_CGROUP_MODE_V2",
        "resourceLabels": {"goog-gke-node-pool-provisioning-model": _model(asked), **asked.get("resourceLabels", {})},
    }
    config["bootDisk"] = {"diskType": config["diskType"], "sizeGb": str(config["diskSizeGb"])}
    if machine_type(config["machineType"]) is None:
        raise _bad(f'Machine type "{config["machineType"]}" does not exist.')
    if not 10 <= int(config["diskSizeGb"]) <= 65536:
        raise _bad(f"Invalid disk size {config['diskSizeGb']} GB: must be from 10 to 65536.")
    _require_account(cloud, project, config["serviceAccount"])
    return config


def checked_autoscaling(asked: Json) -> Json:
    """Check the settings of the autoscaler and fill in their defaults.

    Raises:
        ApiError: 400.
    """
    asked = without_nulls(asked)
    low, high = field(asked, "minNodeCount", int, 0), field(asked, "maxNodeCount", int, 0)
    total_low = field(asked, "totalMinNodeCount", int, 0)
    total_high = field(asked, "totalMaxNodeCount", int, 0)
    if not field(asked, "enabled", bool, False):
        return {}
    if not (high or total_high) or low > (high or low) or total_low > (total_high or total_low):
        raise _bad("Invalid autoscaling: max_node_count must be at least 1 and at least min_node_count.")
    return {"locationPolicy": "BALANCED", **asked}


def put_groups(cloud: Cloud, path: str, pool: Document) -> None:
    """Make the groups of machines of a pool, or give them its present size."""
    for zone in pool["locations"]:
        put_group(
            cloud,
            path.split("/")[1],
            zone,
            group_name(path, pool["name"], zone),
            size=pool["size"],
            machine={
                **{key: pool["config"][key] for key in ("machineType", "diskType", "diskSizeGb")},
                "isPublic": is_public(pool),
            },
        )


def is_public(pool: Document) -> bool:
    """Tell whether a pool's nodes have external addresses."""
    return not pool["networkConfig"].get("enablePrivateNodes", False)


def remove_groups(cloud: Cloud, path: str, pool: Document, zones: Iterable[str], gone_at: float) -> None:
    """Remove the groups of machines of a pool in some zones at that time."""
    for zone in zones:
        group = f"projects/{path.split('/')[1]}/zones/{zone}/instanceGroupManagers/"
        remove_group(cloud, group + group_name(path, pool["name"], zone), gone_at)


def remove_pool(cloud: Cloud, path: str, pool: Document, gone_at: float) -> None:
    """Remove a pool and its groups of machines at that time."""
    remove_groups(cloud, path, pool, pool["locations"], gone_at)
    Resources(cloud, store.POOLS).remove(f"{path}/nodePools/{pool['name']}", gone_at)


def group_name(path: str, pool: str, zone: str) -> str:
    """Return the name of the group of machines of a pool in a zone."""
    cluster = path.rsplit("/", 1)[-1]
    digest = hashlib.sha256(f"{path}/{pool}/{zone}".encode()).hexdigest()[:8]
    return f"gke-{cluster[:19].rstrip('-')}-{pool[:19].rstrip('-')}-{digest}-grp"


def group_links(cloud: Cloud, path: str, pool: Document) -> list[str]:
    """Return the links to the groups of machines of a pool."""
    base = f"/compute/v1/projects/{path.split('/')[1]}/zones"
    return [
        cloud.link(COMPUTE, f"{base}/{zone}/instanceGroupManagers/{group_name(path, pool['name'], zone)}")
        for zone in pool["locations"]
    ]


def view_pool(cloud: Cloud, path: str, pool: Document) -> Json:
    """Return a pool as answers show it."""
    shown = {key: value for key, value in public(pool).items() if key not in _INTERNAL}
    return {
        **shown,
        "status": store.status_of(cloud, pool),
        **view_failure(pool),
        "etag": fingerprint(shown),
        "instanceGroupUrls": group_links(cloud, path, pool),
        "selfLink": cloud.link(store.HOST, f"/v1/{path}/nodePools/{pool['name']}"),
    }


def checked_locations(location: str, asked: list[Any]) -> list[str]:
    """Return the zones of nodes: those asked for, else the cluster's own, or three of its region.

    Raises:
        ApiError: 400 for a zone outside the cluster's region.
    """
    if not asked:
        return zones_of(location)[:3] if is_region(location) else [location]
    for zone in asked:
        if not isinstance(zone, str) or not is_zone(zone) or region_of(zone) != region_of(location):
            raise _bad(f'Location "{zone}" is not a zone of region "{region_of(location)}".')
    return [str(zone) for zone in asked]


def _new(cloud: Cloud, path: str, cluster: Document, body: Json) -> Document:
    location = cluster["location"]
    channel = cluster.get("releaseChannel", {}).get("channel", NO_CHANNEL)
    count = field(body, "initialNodeCount", int, 0)
    autoscaling = checked_autoscaling(field(body, "autoscaling", dict, {}))
    if count < 0 or count > 1000:
        raise _bad(f"Invalid initial_node_count {count}: must be from 0 to 1000.")
    if autoscaling.get("maxNodeCount") and count > autoscaling["maxNodeCount"]:
        raise _bad("Invalid autoscaling: initial_node_count must be at most max_node_count.")
    management = field(body, "management", dict, {})
    if channel not in ("", NO_CHANNEL) and management.get("autoUpgrade") is False:
        raise _bad("Auto_upgrade must be true when release_channel is set.")
    policy = cluster["ipAllocationPolicy"]
    version = field(body, "version", str, "")
    pool: Document = {
        "name": body["name"],
        "initialNodeCount": count,
        "size": count,
        "created_at": cloud.clock.now(),
        "config": node_config(cloud, path.split("/")[1], field(body, "config", dict, {})),
        "management": management or {"autoRepair": True, "autoUpgrade": channel not in ("", NO_CHANNEL)},
        "locations": checked_locations(location, field(body, "locations", list, []) or cluster["locations"]),
        "version": resolve(version, channel, "Node") if version else cluster["currentMasterVersion"],
        "maxPodsConstraint": field(body, "maxPodsConstraint", dict, cluster["defaultMaxPodsConstraint"]),
        "podIpv4CidrSize": 24,
        "upgradeSettings": {"maxSurge": 1, "strategy": "SURGE", **field(body, "upgradeSettings", dict, {})},
        "networkConfig": {
            "podRange": policy["clusterSecondaryRangeName"],
            "podIpv4CidrBlock": policy["clusterIpv4CidrBlock"],
            "enablePrivateNodes": cluster["networkConfig"].get("defaultEnablePrivateNodes", False),
            **field(body, "networkConfig", dict, {}),
        },
    }
    return {**pool, "autoscaling": autoscaling}


def _model(config: Json) -> str:
    return "spot" if config.get("spot") else "preemptible" if config.get("preemptible") else "on-demand"


def _require_account(cloud: Cloud, project: str, email: str) -> None:
    if email == "default" or email.endswith("-compute@developer.gserviceaccount.com"):
        return
    home = email.partition("@")[2].removesuffix(".iam.gserviceaccount.com") or project
    if cloud.store.get(store.ACCOUNTS, f"projects/{home}/serviceAccounts/{email}") is None:
        raise _bad(f'Service account "{email}" does not exist.')


def _bad(message: str) -> ApiError:
    return invalid(message, reason="badRequest")
