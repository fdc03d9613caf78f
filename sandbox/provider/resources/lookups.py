"""The data sources that look something up by its name: network, subnetwork, cluster, database instance, bucket."""

from __future__ import annotations

from sandbox.provider.api import Api, Json
from sandbox.provider.errors import Gone, ProviderError
from sandbox.provider.registry import resource_class
from sandbox.provider.schema import load
from sandbox.provider.wire import Values


def network(api: Api, config: Values) -> Values:
    """A VPC and the links of its subnetworks."""
    project = config.get("project") or api.settings.project
    name = f"projects/{project}/global/networks/{config['name']}"
    found = _get(api, name, f"Network Not Found : {config['name']}")
    return {
        **config,
        "description": found.get("description") or "",
        "gateway_ipv4": found.get("gatewayIPv4") or "",
        "id": name,
        "internal_ipv6_range": found.get("internalIpv6Range") or "",
        "self_link": found.get("selfLink"),
        "subnetworks_self_links": list(found.get("subnetworks") or []),
    }


def subnetwork(api: Api, config: Values) -> Values:
    """A subnetwork with its secondary ranges."""
    if not config.get("name"):
        raise ProviderError("the sandbox's provider looks a google_compute_subnetwork up by its name only")
    project = config.get("project") or api.settings.project
    region = config.get("region") or api.settings.region
    name = f"projects/{project}/regions/{region}/subnetworks/{config['name']}"
    found = _get(api, name, f"Subnetwork Not Found : {config['name']}")
    ranges = [
        {"range_name": one.get("rangeName"), "ip_cidr_range": one.get("ipCidrRange")}
        for one in found.get("secondaryIpRanges") or []
    ]
    return {
        "description": found.get("description") or "",
        "external_ipv6_prefix": found.get("externalIpv6Prefix") or "",
        "gateway_address": found.get("gatewayAddress") or "",
        "id": name,
        "internal_ipv6_prefix": found.get("internalIpv6Prefix") or "",
        "ip_cidr_range": found.get("ipCidrRange"),
        "ipv6_access_type": found.get("ipv6AccessType") or "",
        "name": config["name"],
        "network": found.get("network"),
        "private_ip_google_access": bool(found.get("privateIpGoogleAccess")),
        "project": project,
        "region": region,
        "secondary_ip_range": ranges,
        "self_link": found.get("selfLink"),
        "stack_type": found.get("stackType") or "",
        "subnetwork_id": int(found.get("id") or 0),
    }


def cluster(api: Api, config: Values) -> Values:
    """A GKE cluster, all that its resource tells."""
    place = config.get("location") or api.settings.zone or api.settings.region
    project = config.get("project") or api.settings.project
    found = _as_resource(api, "google_container_cluster", f"{project}/{place}/{config['name']}", "resource_labels")
    return {**found, "name": config["name"], "location": config.get("location"), "project": config.get("project")}


def database_instance(api: Api, config: Values) -> Values:
    """A Cloud SQL instance, all that its resource tells."""
    project = config.get("project") or api.settings.project
    found = _as_resource(api, "google_sql_database_instance", f"{project}/{config['name']}", "")
    return {**found, "name": config["name"], "project": config.get("project")}


def bucket(api: Api, config: Values) -> Values:
    """A bucket of any project, all that its resource tells."""
    project = config.get("project") or api.settings.project
    found = _as_resource(api, "google_storage_bucket", f"{project}/{config['name']}", "labels")
    return {**found, "name": config["name"], "project": config.get("project") or found.get("project")}


def _as_resource(api: Api, type_name: str, identifier: str, labels: str) -> Values:
    kind = resource_class(type_name)(api, load().resources[type_name].block)
    kind.is_imported = True
    try:
        found = kind.read(kind.import_state(identifier))
    except Gone as gone:
        raise ProviderError(f"{identifier} not found") from gone
    if labels:
        found |= {name: found.get("effective_labels") for name in (labels, "terraform_labels")}
    return found


def _get(api: Api, name: str, missing: str) -> Json:
    try:
        return api.get("compute", name)
    except Gone as gone:
        raise ProviderError(f"{missing} or you don't have permission to access it: {name}") from gone
