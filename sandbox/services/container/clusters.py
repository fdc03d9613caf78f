"""Clusters: what a request may ask for, what GKE fills in, and how an answer shows them.

Source: https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters
"""

from __future__ import annotations

import base64
import hashlib
from ipaddress import IPv4Network
from typing import Any

from sandbox.kernel.bodies import field, merged, without_nulls
from sandbox.kernel.clock import rfc3339
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import ApiError, invalid
from sandbox.kernel.resources import Document, fingerprint, public
from sandbox.services.compute.geography import is_region, region_of
from sandbox.services.container import store
from sandbox.services.container.capacity import stock_out, view_failure
from sandbox.services.container.node_pools import (
    check_name,
    checked_locations,
    group_links,
    insert_pool,
    node_config,
    view_pool,
)
from sandbox.services.container.placement import allocate, check_control_plane, place, put_control_plane
from sandbox.services.container.versions import NO_CHANNEL, resolve
from sandbox.services.orgpolicy.store import require_location

Json = dict[str, Any]
CREATE_SECONDS = 330.0
_INTERNAL = ("placement", "failure")
_SERVERS = (
    "nodePools",
    "nodeConfig",
    "network",
    "subnetwork",
    "endpoint",
    "status",
    "selfLink",
    "zone",
    "masterAuth",
    "clusterIpv4Cidr",
)


def insert_cluster(cloud: Cloud, project: str, location: str, body: Json) -> Document:
    """Make a cluster with its first node pools; the API server behind it is the caller's to start.

    Raises:
        ApiError: 400 for a bad body, 409 where it exists.
    """
    body = without_nulls(body)
    name = field(body, "name", str, "")
    check_name(name, "cluster")
    path = store.cluster_path(project, location, name)
    require_location(cloud, project, location)
    with cloud.store.transaction():
        store.require_new(cloud, path)
        pools = _first_pools(body)
        placement = place(cloud, project, location, body)
        if block := field(body, "privateClusterConfig.masterIpv4CidrBlock", str, ""):
            check_control_plane(cloud, placement, block)
        cluster = _new(cloud, project, location, body, placement)
        if failure := stock_out(cloud, cluster["locations"]):
            cluster["failure"] = failure
        store.put_cluster(cloud, path, cluster)
        if block:
            put_control_plane(cloud, name, placement, block)
        for pool in pools:
            made = insert_pool(cloud, path, cluster, pool, CREATE_SECONDS)
            if made.get("failure") and not cluster.get("failure"):
                cluster["failure"] = made["failure"]
                store.put_cluster(cloud, path, cluster)
        if cluster.get("workloadIdentityConfig", {}).get("workloadPool"):
            put_identity_pool(cloud, project)
    return cluster


def put_identity_pool(cloud: Cloud, project: str) -> None:
    """Make the project's pool of workload identities: it comes with the first cluster that uses it, and stays."""
    if cloud.store.get(store.IDENTITY_POOLS, project) is None:
        cloud.store.put(store.IDENTITY_POOLS, project, {"name": workload_pool(project)})


def workload_pool(project: str) -> str:
    """Return the name of the project's pool of workload identities."""
    return f"{project}.svc.id.goog"


def check_workload_pool(project: str, pool: str) -> None:
    """Refuse any pool but the project's own.

    Raises:
        ApiError: 400.
    """
    if pool and pool != workload_pool(project):
        raise _bad(f'Workload pool "{pool}" is not supported: must be "{workload_pool(project)}".')


def view_cluster(cloud: Cloud, path: str, cluster: Document) -> Json:
    """Return a cluster as answers show it, with its node pools and the address of its API server."""
    pools = store.pools_of(cloud, path)
    shown = {key: value for key, value in public(cluster).items() if key not in _INTERNAL}
    address = cloud.clusters.addresses().get(cluster_key(path))
    status = store.status_of(cloud, cluster)
    if status == "RUNNING" and address is None:
        status = "PROVISIONING"
    shown |= {
        "status": status,
        **view_failure(cluster),
        "selfLink": cloud.link(store.HOST, f"/v1/{path}"),
        "nodePools": [view_pool(cloud, path, pool) for pool in pools],
        "instanceGroupUrls": [link for pool in pools for link in group_links(cloud, path, pool)],
        "currentNodeCount": sum(pool["size"] * len(pool["locations"]) for pool in pools),
        "labelFingerprint": fingerprint(cluster.get("resourceLabels", {})),
        "masterAuth": {},
    }
    if pools:
        shown["nodeConfig"] = pools[0]["config"]
    if address is not None and status != "PROVISIONING":
        authority = base64.b64encode(address.ca_certificate.encode()).decode()
        shown["endpoint"] = address.endpoint
        shown["masterAuth"] = {"clusterCaCertificate": authority}
        shown["controlPlaneEndpointsConfig"] = _with_endpoint(cluster, address.endpoint)
        if "privateClusterConfig" in cluster:
            shown["privateClusterConfig"] = {**cluster["privateClusterConfig"], "publicEndpoint": address.endpoint}
    return {**shown, "etag": fingerprint(shown)}


def cluster_key(path: str) -> str:
    """Return the key of the API server behind a cluster: "PROJECT/LOCATION/NAME"."""
    _, project, _, location, _, name = path.split("/")
    return f"{project}/{location}/{name}"


def mirrored(cluster: Document) -> Document:
    """Return a cluster whose two places for authorized networks and private nodes agree; the newer one leads."""
    endpoints = cluster["controlPlaneEndpointsConfig"]["ipEndpointsConfig"]
    result = {**cluster, "masterAuthorizedNetworksConfig": endpoints.get("authorizedNetworksConfig", {})}
    if "privateClusterConfig" in cluster:
        private = cluster["networkConfig"].get("defaultEnablePrivateNodes", False)
        closed = not endpoints.get("enablePublicEndpoint", True)
        result["privateClusterConfig"] = {
            **cluster["privateClusterConfig"],
            "enablePrivateNodes": private,
            **({"enablePrivateEndpoint": True} if closed else {}),
        }
    return result


def _first_pools(body: Json) -> list[Json]:
    pools: list[Json] = field(body, "nodePools", list, [])
    count = field(body, "initialNodeCount", int, 0)
    if pools and count:
        raise _bad("Cannot use Cluster.initial_node_count and Cluster.node_pools together.")
    if pools:
        return pools
    if count < 1 and not field(body, "autopilot", dict, {}).get("enabled"):
        raise _bad("Cluster.initial_node_count must be greater than zero.")
    return [{"name": "default-pool", "initialNodeCount": max(count, 1), "config": field(body, "nodeConfig", dict, {})}]


def _new(cloud: Cloud, project: str, location: str, body: Json, placement: Json) -> Document:
    now = cloud.clock.now()
    channel = field(body, "releaseChannel.channel", str, "") or "REGULAR"
    version = resolve(field(body, "initialClusterVersion", str, ""), channel)
    check_workload_pool(project, field(body, "workloadIdentityConfig.workloadPool", str, ""))
    policy = allocate(cloud, body["name"], placement, body)
    cluster: Document = {
        **merged(_defaults(), {key: value for key, value in body.items() if key not in _SERVERS}),
        "id": hashlib.sha256(cloud.clock.uuid().encode()).hexdigest(),
        "placement": placement,
        "network": placement["network"].rsplit("/", 1)[-1],
        "subnetwork": placement["subnetwork"].rsplit("/", 1)[-1],
        "networkConfig": {"serviceExternalIpsConfig": {}, "defaultSnatStatus": {}, **body.get("networkConfig", {})}
        | placement,
        "nodeConfig": node_config(cloud, project, _first_config(body)),
        "ipAllocationPolicy": policy,
        "clusterIpv4Cidr": policy["clusterIpv4CidrBlock"],
        "servicesIpv4Cidr": policy["servicesIpv4CidrBlock"],
        "initialNodeCount": _initial_count(body),
        "location": location,
        "zone": location,
        "locations": checked_locations(location, field(body, "locations", list, [])),
        "releaseChannel": {} if channel == NO_CHANNEL else {"channel": channel},
        "initialClusterVersion": version,
        "currentMasterVersion": version,
        "currentNodeVersion": version,
        "createTime": rfc3339(now),
        "ready_at": now + cloud.latency.pace(CREATE_SECONDS),
    }
    cluster["controlPlaneEndpointsConfig"] = _endpoints(cloud, project, location, body)
    if "privateClusterConfig" in body:
        cluster["privateClusterConfig"] = _private(body)
        cluster["networkConfig"].setdefault(
            "defaultEnablePrivateNodes", cluster["privateClusterConfig"].get("enablePrivateNodes", False)
        )
    if field(body, "autopilot", dict, {}).get("enabled") and not is_region(location):
        raise _bad("Autopilot clusters must be regional clusters.")
    return mirrored(cluster)


def _defaults() -> Json:
    return {
        "addonsConfig": {
            "gcePersistentDiskCsiDriverConfig": {"enabled": True},
            "networkPolicyConfig": {"disabled": True},
            "dnsCacheConfig": {},
            "kubernetesDashboard": {"disabled": True},
        },
        "anonymousAuthenticationConfig": {"mode": "ENABLED"},
        "autopilot": {},
        "autoscaling": {"autoscalingProfile": "BALANCED"},
        "databaseEncryption": {"state": "DECRYPTED", "currentState": "CURRENT_STATE_DECRYPTED"},
        "defaultMaxPodsConstraint": {"maxPodsPerNode": "110"},
        "enterpriseConfig": {"clusterTier": "STANDARD"},
        "legacyAbac": {},
        "loggingConfig": {"componentConfig": {"enableComponents": ["SYSTEM_COMPONENTS", "WORKLOADS"]}},
        "loggingService": "logging.googleapis.com/kubernetes",
        "maintenancePolicy": {},
        "monitoringConfig": {
            "componentConfig": {"enableComponents": ["SYSTEM_COMPONENTS"]},
            "managedPrometheusConfig": {"enabled": True},
            "advancedDatapathObservabilityConfig": {},
        },
        "monitoringService": "monitoring.googleapis.com/kubernetes",
        "nodePoolAutoConfig": {"nodeKubeletConfig": {}},
        "nodePoolDefaults": {"nodeConfigDefaults": {"loggingConfig": {"variantConfig": {"variant": "DEFAULT"}}}},
        "notificationConfig": {"pubsub": {}},
        "podAutoscaling": {"hpaProfile": "HPA_PROFILE_UNSPECIFIED"},
        "securityPostureConfig": {"mode": "BASIC", "vulnerabilityMode": "VULNERABILITY_DISABLED"},
        "shieldedNodes": {"enabled": True},
        "verticalPodAutoscaling": {},
    }


def _first_config(body: Json) -> Json:
    pools = field(body, "nodePools", list, [])
    config: Json = field(pools[0], "config", dict, {}) if pools else field(body, "nodeConfig", dict, {})
    return config


def _initial_count(body: Json) -> int:
    pools = field(body, "nodePools", list, [])
    count: int = field(pools[0], "initialNodeCount", int, 0) if pools else field(body, "initialNodeCount", int, 0)
    return max(count, 1)


def _endpoints(cloud: Cloud, project: str, location: str, body: Json) -> Json:
    asked = field(body, "controlPlaneEndpointsConfig", dict, {})
    ip = {
        "enabled": True,
        "enablePublicEndpoint": not field(body, "privateClusterConfig.enablePrivateEndpoint", bool, False),
        "globalAccess": False,
        "authorizedNetworksConfig": field(body, "masterAuthorizedNetworksConfig", dict, {}),
        **field(asked, "ipEndpointsConfig", dict, {}),
    }
    if block := field(body, "privateClusterConfig.masterIpv4CidrBlock", str, ""):
        ip["privateEndpoint"] = str(IPv4Network(block)[2])
    number = cloud.projects.get(project).number
    short = hashlib.sha256(f"{project}/{location}/{body['name']}".encode()).hexdigest()[:20]
    dns = {
        "allowExternalTraffic": False,
        **field(asked, "dnsEndpointConfig", dict, {}),
        "endpoint": f"gke-{short}-{number}.{region_of(location)}.gke.goog",
    }
    return {**asked, "ipEndpointsConfig": ip, "dnsEndpointConfig": dns}


def _private(body: Json) -> Json:
    asked = field(body, "privateClusterConfig", dict, {})
    block = field(asked, "masterIpv4CidrBlock", str, "")
    return {**asked, "privateEndpoint": str(IPv4Network(block)[2])} if block else dict(asked)


def _with_endpoint(cluster: Document, endpoint: str) -> Json:
    endpoints = dict(cluster["controlPlaneEndpointsConfig"])
    endpoints["ipEndpointsConfig"] = {**endpoints["ipEndpointsConfig"], "publicEndpoint": endpoint}
    return endpoints


def _bad(message: str) -> ApiError:
    return invalid(message, reason="badRequest")
