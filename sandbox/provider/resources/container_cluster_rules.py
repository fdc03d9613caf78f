"""Tables of google_container_cluster: https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1.

Terraform's cluster is arranged differently from the API's: many attributes stand in `networkConfig`, and who may reach
the control plane stands in `controlPlaneEndpointsConfig`.
"""

from __future__ import annotations

from typing import Any

from sandbox.provider.api import Json
from sandbox.provider.links import same_link
from sandbox.provider.resources.container_node_pool import pool_rules
from sandbox.provider.resources.container_nodes import merge, node_rules
from sandbox.provider.rules import Rules

_ENDPOINTS = "controlPlaneEndpointsConfig.ipEndpointsConfig"

_NAMES = {
    "addons_config.cloudrun_config": "cloudRunConfig",
    "allow_net_admin": "autopilot.workloadPolicyConfig.allowNetAdmin",
    "cluster_autoscaling": "autoscaling",
    "cluster_autoscaling.auto_provisioning_defaults": "autoprovisioningNodePoolDefaults",
    "cluster_autoscaling.auto_provisioning_defaults.disk_size": "diskSizeGb",
    "cluster_autoscaling.auto_provisioning_locations": "autoprovisioningLocations",
    "cluster_autoscaling.default_compute_class_enabled": "defaultComputeClassConfig.enabled",
    "cluster_autoscaling.enabled": "enableNodeAutoprovisioning",
    "datapath_provider": "networkConfig.datapathProvider",
    "default_max_pods_per_node": "defaultMaxPodsConstraint.maxPodsPerNode",
    "default_snat_status": "networkConfig.defaultSnatStatus",
    "disable_l4_lb_firewall_reconciliation": "networkConfig.disableL4LbFirewallReconciliation",
    "dns_config": "networkConfig.dnsConfig",
    "enable_autopilot": "autopilot.enabled",
    "enable_cilium_clusterwide_network_policy": "networkConfig.enableCiliumClusterwideNetworkPolicy",
    "enable_fqdn_network_policy": "networkConfig.enableFqdnNetworkPolicy",
    "enable_intranode_visibility": "networkConfig.enableIntraNodeVisibility",
    "enable_l4_ilb_subsetting": "networkConfig.enableL4ilbSubsetting",
    "enable_legacy_abac": "legacyAbac.enabled",
    "enable_multi_networking": "networkConfig.enableMultiNetworking",
    "enable_shielded_nodes": "shieldedNodes.enabled",
    "gateway_api_config": "networkConfig.gatewayApiConfig",
    "in_transit_encryption_config": "networkConfig.inTransitEncryptionConfig",
    "ip_allocation_policy.pod_cidr_overprovision_config.disabled": "disable",
    "logging_config.enable_components": "componentConfig.enableComponents",
    "maintenance_policy": "maintenancePolicy.window",
    "master_authorized_networks_config": f"{_ENDPOINTS}.authorizedNetworksConfig",
    "master_version": "currentMasterVersion",
    "min_master_version": "initialClusterVersion",
    "monitoring_config.enable_components": "componentConfig.enableComponents",
    "monitoring_config.managed_prometheus": "managedPrometheusConfig",
    "network": "networkConfig.network",
    "network_performance_config": "networkConfig.networkPerformanceConfig",
    "node_locations": "locations",
    "node_pool": "nodePools",
    "node_pool_auto_config.resource_manager_tags": "resourceManagerTags.tags",
    "node_pool_auto_config.node_kubelet_config": "nodeKubeletConfig",
    "node_pool_defaults.node_config_defaults.insecure_kubelet_readonly_port_enabled": (
        "nodeKubeletConfig.insecureKubeletReadonlyPortEnabled"
    ),
    "node_pool_defaults.node_config_defaults.logging_variant": "loggingConfig.variantConfig.variant",
    "node_version": "currentNodeVersion",
    "notification_config.pubsub.filter.event_type": "eventType",
    "private_ipv6_google_access": "networkConfig.privateIpv6GoogleAccess",
    "resource_usage_export_config.enable_resource_consumption_metering": "consumptionMeteringConfig.enabled",
    "service_external_ips_config": "networkConfig.serviceExternalIpsConfig",
    "subnetwork": "networkConfig.subnetwork",
}

_COMPUTED = (
    "addons_config",
    "anonymous_authentication_config",
    "authenticator_groups_config",
    "binary_authorization",
    "cluster_autoscaling",
    "cluster_autoscaling.auto_provisioning_defaults",
    "cluster_autoscaling.auto_provisioning_defaults.management",
    "control_plane_endpoints_config",
    "control_plane_endpoints_config.dns_endpoint_config",
    "control_plane_endpoints_config.ip_endpoints_config",
    "cost_management_config",
    "database_encryption",
    "default_snat_status",
    "enterprise_config",
    "gateway_api_config",
    "gke_auto_upgrade_config",
    "identity_service_config",
    "ip_allocation_policy",
    "ip_allocation_policy.network_tier_config",
    "ip_allocation_policy.pod_cidr_overprovision_config",
    "logging_config",
    "master_auth",
    "master_authorized_networks_config",
    "mesh_certificates",
    "monitoring_config",
    "monitoring_config.advanced_datapath_observability_config",
    "monitoring_config.managed_prometheus",
    "node_config",
    "node_pool",
    "node_pool_auto_config",
    "node_pool_auto_config.node_kubelet_config",
    "node_pool_defaults",
    "node_pool_defaults.node_config_defaults",
    "notification_config",
    "pod_autoscaling",
    "private_cluster_config",
    "private_cluster_config.master_global_access_config",
    "rbac_binding_config",
    "release_channel",
    "secret_manager_config",
    "security_posture_config",
    "service_external_ips_config",
    "vertical_pod_autoscaling",
    "workload_identity_config",
)
_ADDONS = (
    "cloudrun_config",
    "config_connector_config",
    "dns_cache_config",
    "gce_persistent_disk_csi_driver_config",
    "gcp_filestore_csi_driver_config",
    "gcs_fuse_csi_driver_config",
    "gke_backup_agent_config",
    "horizontal_pod_autoscaling",
    "http_load_balancing",
    "network_policy_config",
    "parallelstore_csi_driver_config",
    "ray_operator_config",
    "stateful_ha_config",
)

_REPLACE = (
    "cluster_ipv4_cidr",
    "confidential_nodes",
    "default_max_pods_per_node",
    "description",
    "enable_autopilot",
    "enable_kubernetes_alpha",
    "enable_multi_networking",
    "enable_tpu",
    "initial_node_count",
    "ip_allocation_policy.cluster_ipv4_cidr_block",
    "ip_allocation_policy.cluster_secondary_range_name",
    "ip_allocation_policy.services_ipv4_cidr_block",
    "ip_allocation_policy.services_secondary_range_name",
    "ip_allocation_policy.stack_type",
    "location",
    "master_auth.client_certificate_config",
    "name",
    "network",
    "networking_mode",
    "node_config",
    "node_pool.initial_node_count",
    "private_cluster_config.master_ipv4_cidr_block",
    "private_cluster_config.private_endpoint_subnetwork",
    "project",
    "subnetwork",
)


def _single(items: Any) -> Any:
    return items[0] if isinstance(items, list) and items else None


def _authorized(found: Any) -> Any:
    """Networks are restricted when that is said, or when some are listed."""
    return found if isinstance(found, dict) and (found.get("enabled") or found.get("cidrBlocks")) else None


def _if_enabled(found: Any) -> Any:
    return found if isinstance(found, dict) and found.get("enabled") else None


def _window(content: Json) -> Json:
    """A maintenance window in the API's arrangement, with exclusions by name."""
    window: Json = {}
    if content.get("dailyMaintenanceWindow"):
        window["dailyMaintenanceWindow"] = {"startTime": content["dailyMaintenanceWindow"]["startTime"]}
    recurring = content.get("recurringWindow")
    if recurring:
        times = {key: recurring[key] for key in ("startTime", "endTime")}
        window["recurringWindow"] = {"window": times, "recurrence": recurring["recurrence"]}
    if content.get("maintenanceExclusion"):
        window["maintenanceExclusions"] = {
            item["exclusionName"]: {
                "startTime": item["startTime"],
                "endTime": item.get("endTime"),
                "maintenanceExclusionOptions": item.get("exclusionOptions"),
            }
            for item in content["maintenanceExclusion"]
        }
    return window


def _from_window(found: Any) -> Any:
    """Terraform's arrangement of an API's window; None when nothing is set."""
    if not isinstance(found, dict):
        return None
    window: Json = {}
    if found.get("dailyMaintenanceWindow"):
        window["dailyMaintenanceWindow"] = found["dailyMaintenanceWindow"]
    recurring = found.get("recurringWindow")
    if recurring:
        window["recurringWindow"] = {**recurring.get("window", {}), "recurrence": recurring.get("recurrence")}
    exclusions = found.get("maintenanceExclusions")
    if exclusions:
        window["maintenanceExclusion"] = [
            {**item, "exclusionName": name, "exclusionOptions": item.get("maintenanceExclusionOptions")}
            for name, item in sorted(exclusions.items())
        ]
    return window or None


_OWN = Rules(
    labels="resource_labels",
    names=_NAMES,
    local=frozenset(
        {
            "deletion_protection",
            "ignore_node_count_changes",
            "networking_mode",
            "operation",
            "private_cluster_config",
            "remove_default_node_pool",
            "skip_node_pool_refresh",
        }
    ),
    sent_only=frozenset({"min_master_version"}),
    read_only=frozenset({"network", "subnetwork", "node_version"}),
    defaults={
        "deletion_protection": True,
        "enable_autopilot": None,
        "enable_kubernetes_alpha": False,
        "enable_legacy_abac": False,
        "enable_shielded_nodes": True,
        "ip_allocation_policy.stack_type": "IPV4",
        "network": "default",
        "network_policy.provider": "PROVIDER_UNSPECIFIED",
    },
    replace=frozenset(_REPLACE),
    computed_blocks=frozenset(_COMPUTED) | {f"addons_config.{name}" for name in _ADDONS},
    tracked=frozenset({"maintenance_policy", "master_authorized_networks_config.cidr_blocks"}),
    same={
        "network": same_link,
        "subnetwork": same_link,
        "private_cluster_config.private_endpoint_subnetwork": same_link,
    },
    strings=frozenset({"default_max_pods_per_node"}),
    encode={
        "addons_config.ray_operator_config": _single,
        "ip_allocation_policy": lambda content: {**content, "useIpAliases": True},
        "maintenance_policy": _window,
        "master_authorized_networks_config": lambda content: {**content, "enabled": True},
        "authenticator_groups_config": lambda content: {**content, "enabled": True},
        "network_policy": lambda content: content,
    },
    decode={
        "authenticator_groups_config": _if_enabled,
        "ip_allocation_policy": lambda found: found if isinstance(found, dict) and found.get("useIpAliases") else None,
        "maintenance_policy": _from_window,
        "master_authorized_networks_config": _authorized,
        "network_policy": _if_enabled,
    },
)

RULES = merge(_OWN, node_rules("node_config."), pool_rules("node_pool."))

DESIRED = {
    "addons_config": "desiredAddonsConfig",
    "anonymous_authentication_config": "desiredAnonymousAuthenticationConfig",
    "authenticator_groups_config": "desiredAuthenticatorGroupsConfig",
    "binary_authorization": "desiredBinaryAuthorization",
    "cluster_autoscaling": "desiredClusterAutoscaling",
    "control_plane_endpoints_config": "desiredControlPlaneEndpointsConfig",
    "cost_management_config": "desiredCostManagementConfig",
    "database_encryption": "desiredDatabaseEncryption",
    "datapath_provider": "desiredDatapathProvider",
    "default_snat_status": "desiredDefaultSnatStatus",
    "disable_l4_lb_firewall_reconciliation": "desiredDisableL4LbFirewallReconciliation",
    "dns_config": "desiredDnsConfig",
    "enable_cilium_clusterwide_network_policy": "desiredEnableCiliumClusterwideNetworkPolicy",
    "enable_fqdn_network_policy": "desiredEnableFqdnNetworkPolicy",
    "enable_k8s_beta_apis": "desiredK8sBetaApis",
    "enable_shielded_nodes": "desiredShieldedNodes",
    "enterprise_config": "desiredEnterpriseConfig",
    "fleet": "desiredFleet",
    "gateway_api_config": "desiredGatewayApiConfig",
    "gke_auto_upgrade_config": "desiredGkeAutoUpgradeConfig",
    "identity_service_config": "desiredIdentityServiceConfig",
    "in_transit_encryption_config": "desiredInTransitEncryptionConfig",
    "logging_service": "desiredLoggingService",
    "mesh_certificates": "desiredMeshCertificates",
    "min_master_version": "desiredMasterVersion",
    "monitoring_config": "desiredMonitoringConfig",
    "monitoring_service": "desiredMonitoringService",
    "network_performance_config": "desiredNetworkPerformanceConfig",
    "node_locations": "desiredLocations",
    "node_version": "desiredNodeVersion",
    "notification_config": "desiredNotificationConfig",
    "pod_autoscaling": "desiredPodAutoscaling",
    "private_ipv6_google_access": "desiredPrivateIpv6GoogleAccess",
    "rbac_binding_config": "desiredRbacBindingConfig",
    "release_channel": "desiredReleaseChannel",
    "logging_config": "desiredLoggingConfig",
    "resource_usage_export_config": "desiredResourceUsageExportConfig",
    "secret_manager_config": "desiredSecretManagerConfig",
    "security_posture_config": "desiredSecurityPostureConfig",
    "service_external_ips_config": "desiredServiceExternalIpsConfig",
    "vertical_pod_autoscaling": "desiredVerticalPodAutoscaling",
    "workload_identity_config": "desiredWorkloadIdentityConfig",
}
"""Concern -> field of a ClusterUpdate, in the order of the calls."""
WRAPPED = {
    "enable_intranode_visibility": ("desiredIntraNodeVisibilityConfig", "enabled"),
    "enable_l4_ilb_subsetting": ("desiredL4ilbSubsettingConfig", "enabled"),
    "enable_multi_networking": ("desiredEnableMultiNetworking", ""),
}
"""Concerns whose value is wrapped in an object."""
