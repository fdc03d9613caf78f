"""What an update of a cluster may change: each `desired…` field and where it goes. One concern at a time.

Source: https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/ClusterUpdate
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.kernel.bodies import field, merged, without_nulls
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import ApiError, invalid
from sandbox.kernel.resources import Document
from sandbox.services.container import store
from sandbox.services.container.clusters import check_workload_pool, mirrored, put_identity_pool
from sandbox.services.container.node_pools import checked_autoscaling, checked_locations
from sandbox.services.container.versions import IMAGE_TYPES, NO_CHANNEL, resolve

Json = dict[str, Any]
_REPLACED = {
    "desiredAnonymousAuthenticationConfig": "anonymousAuthenticationConfig",
    "desiredAuthenticatorGroupsConfig": "authenticatorGroupsConfig",
    "desiredBinaryAuthorization": "binaryAuthorization",
    "desiredClusterAutoscaling": "autoscaling",
    "desiredCostManagementConfig": "costManagementConfig",
    "desiredDatabaseEncryption": "databaseEncryption",
    "desiredEnterpriseConfig": "enterpriseConfig",
    "desiredFleet": "fleet",
    "desiredIdentityServiceConfig": "identityServiceConfig",
    "desiredLoggingConfig": "loggingConfig",
    "desiredLoggingService": "loggingService",
    "desiredMeshCertificates": "meshCertificates",
    "desiredMonitoringConfig": "monitoringConfig",
    "desiredMonitoringService": "monitoringService",
    "desiredNodePoolAutoConfigNetworkTags": "nodePoolAutoConfig.networkTags",
    "desiredNotificationConfig": "notificationConfig",
    "desiredPodAutoscaling": "podAutoscaling",
    "desiredRbacBindingConfig": "rbacBindingConfig",
    "desiredReleaseChannel": "releaseChannel",
    "desiredResourceUsageExportConfig": "resourceUsageExportConfig",
    "desiredSecretManagerConfig": "secretManagerConfig",
    "desiredSecurityPostureConfig": "securityPostureConfig",
    "desiredShieldedNodes": "shieldedNodes",
    "desiredVerticalPodAutoscaling": "verticalPodAutoscaling",
    "desiredWorkloadIdentityConfig": "workloadIdentityConfig",
    "desiredDatapathProvider": "networkConfig.datapathProvider",
    "desiredDefaultEnablePrivateNodes": "networkConfig.defaultEnablePrivateNodes",
    "desiredDefaultSnatStatus": "networkConfig.defaultSnatStatus",
    "desiredDnsConfig": "networkConfig.dnsConfig",
    "desiredEnableMultiNetworking": "networkConfig.enableMultiNetworking",
    "desiredGatewayApiConfig": "networkConfig.gatewayApiConfig",
    "desiredL4ilbSubsettingConfig": "networkConfig.enableL4ilbSubsetting",
    "desiredServiceExternalIpsConfig": "networkConfig.serviceExternalIpsConfig",
    "desiredMasterAuthorizedNetworksConfig": "controlPlaneEndpointsConfig.ipEndpointsConfig.authorizedNetworksConfig",
}
_MERGED = {
    "desiredAddonsConfig": "addonsConfig",
    "desiredControlPlaneEndpointsConfig": "controlPlaneEndpointsConfig",
    "desiredPrivateClusterConfig": "privateClusterConfig",
}
_UNWRAPPED = {
    "desiredIntraNodeVisibilityConfig": ("enabled", "networkConfig.enableIntraNodeVisibility"),
}
_COMPANIONS = {
    "desiredLoggingService": "desiredMonitoringService",
    "desiredLoggingConfig": "desiredMonitoringConfig",
    "desiredNodeVersion": "desiredImageType",
}
"""Fields that may come along with another one."""


def apply_update(cloud: Cloud, path: str, cluster: Document, update: Json) -> None:
    """Make the one change that an update asks for.

    Raises:
        ApiError: 400 when it asks for none or for several, 501 for one that is not played here.
    """
    update = without_nulls(update)
    names = {name for name in update if name.startswith("desired")}
    _require_one(names)
    if names & {"desiredNodePoolAutoscaling", "desiredNodeVersion", "desiredImageType"}:
        _change_pools(cloud, path, update)
        return
    changed = dict(cluster)
    for name in sorted(names - {"desiredNodePoolId"}):
        changed = _changed(cloud, path, changed, name, update[name])
    store.put_cluster(cloud, path, mirrored(changed))


def _require_one(names: set[str]) -> None:
    concerns = names - {"desiredNodePoolId"}
    concerns -= {companion for lead, companion in _COMPANIONS.items() if lead in concerns}
    if not concerns:
        raise _bad("Must specify a field to update.")
    if len(concerns) > 1:
        raise _bad(f"Only one update can be applied to a cluster with each request: {', '.join(sorted(concerns))}.")


def _changed(cloud: Cloud, path: str, cluster: Document, name: str, value: Any) -> Document:
    if name in _MERGED:
        return _set(cluster, _MERGED[name], merged(cluster.get(_MERGED[name], {}), value))
    if name in _UNWRAPPED:
        inner, target = _UNWRAPPED[name]
        return _set(cluster, target, field(value, inner, bool, False))
    if name in _REPLACED:
        _check(cloud, path, name, value)
        return _set(cluster, _REPLACED[name], {} if value == {"channel": NO_CHANNEL} else value)
    if name in _SPECIAL:
        return _SPECIAL[name](cluster, value)
    raise ApiError(501, f"The sandbox does not implement {name} of a cluster's update")


def _check(cloud: Cloud, path: str, name: str, value: Any) -> None:
    if name == "desiredWorkloadIdentityConfig":
        project = path.split("/")[1]
        pool = field(value, "workloadPool", str, "")
        check_workload_pool(project, pool)
        if pool:
            put_identity_pool(cloud, project)


def _locations(cluster: Document, value: Any) -> Document:
    return {**cluster, "locations": checked_locations(cluster["location"], value)}


def _master_version(cluster: Document, value: Any) -> Document:
    channel = cluster.get("releaseChannel", {}).get("channel", "")
    return {**cluster, "currentMasterVersion": resolve(value, channel)}


_SPECIAL: dict[str, Callable[[Document, Any], Document]] = {
    "desiredLocations": _locations,
    "desiredMasterVersion": _master_version,
}


def _change_pools(cloud: Cloud, path: str, update: Json) -> None:
    name = update.get("desiredNodePoolId", "")
    pools = [store.read_pool(cloud, path, name)] if name else store.pools_of(cloud, path)
    if not name and len(pools) != 1:
        raise _bad("Must specify node_pool_id: the cluster has not exactly one node pool.")
    for pool in pools:
        changed = dict(pool)
        if "desiredNodePoolAutoscaling" in update:
            changed["autoscaling"] = checked_autoscaling(update["desiredNodePoolAutoscaling"])
        if version := update.get("desiredNodeVersion"):
            changed["version"] = resolve(version, "", "Node")
        if image := update.get("desiredImageType"):
            if image not in IMAGE_TYPES:
                raise _bad(f'Image type "{image}" is not supported.')
            changed["config"] = {**pool["config"], "imageType": image}
        store.put_pool(cloud, path, changed)


def _set(document: Document, path: str, value: Any) -> Document:
    head, _, rest = path.partition(".")
    return {**document, head: _set(document.get(head, {}), rest, value) if rest else value}


def _bad(message: str) -> ApiError:
    return invalid(message, reason="badRequest")
