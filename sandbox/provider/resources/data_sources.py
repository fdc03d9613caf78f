"""The data sources: google_client_config, google_project, google_container_engine_versions."""

from __future__ import annotations

from sandbox.provider.api import Api
from sandbox.provider.errors import ApiFailure, Gone, ProviderError
from sandbox.provider.wire import Values


def client_config(api: Api, config: Values) -> Values:
    """What the provider was configured with; no call."""
    settings = api.settings
    return {
        "access_token": settings.token,
        "default_labels": dict(settings.default_labels),
        "id": f'projects/"{settings.project}"/regions/"{settings.region}"/zones/"{settings.zone}"',
        "project": settings.project,
        "region": settings.region,
        "zone": settings.zone,
    }


def project(api: Api, config: Values) -> Values:
    """A project and its billing account; a caller who may not see the latter gets none."""
    name = str(config.get("project_id") or api.settings.project).removeprefix("projects/")
    if not name:
        raise ProviderError("no project value set. `project_id` must be set at the resource level, or in the provider")
    missing = f"projects/{name} not found or not in ACTIVE state"
    try:
        found = api.get("cloudresourcemanager", f"projects/{name}")
    except Gone as gone:
        raise ProviderError(missing) from gone
    if found.get("lifecycleState") != "ACTIVE":
        raise ProviderError(missing)
    parent = found.get("parent") or {}
    labels = dict(found.get("labels") or {})
    return {
        "billing_account": _billing_account(api, name),
        "deletion_policy": "PREVENT",
        "effective_labels": labels,
        "folder_id": parent.get("id") if parent.get("type") == "folder" else "",
        "id": f"projects/{name}",
        "labels": labels,
        "name": found.get("name"),
        "number": str(found.get("projectNumber") or ""),
        "org_id": parent.get("id") if parent.get("type") == "organization" else "",
        "project_id": name,
        "terraform_labels": labels,
    }


def _billing_account(api: Api, name: str) -> str:
    try:
        found = api.get("cloudbilling", f"projects/{name}/billingInfo")
    except ApiFailure as failure:
        if failure.code == 403 and failure.reason in ("accessNotConfigured", "SERVICE_DISABLED"):
            return ""
        raise
    return str(found.get("billingAccountName") or "").removeprefix("billingAccounts/")


def engine_versions(api: Api, config: Values) -> Values:
    """GKE's versions at a location, newest first, all or those with a prefix."""
    where = config.get("location") or api.settings.zone or api.settings.region
    name = config.get("project") or api.settings.project
    if not where:
        raise ProviderError("Cannot determine location: set location in this data source or at provider-level")
    found = api.get("container", f"projects/{name}/locations/{where}/serverConfig")
    prefix = str(config.get("version_prefix") or "")
    masters = [item for item in found.get("validMasterVersions") or [] if item.startswith(prefix)]
    nodes = [item for item in found.get("validNodeVersions") or [] if item.startswith(prefix)]
    channels = {str(item.get("channel")): item for item in found.get("channels") or []}
    return {
        **config,
        "default_cluster_version": found.get("defaultClusterVersion"),
        "id": f"projects/{name}/locations/{where}/serverConfig",
        "latest_master_version": masters[0] if masters else None,
        "latest_node_version": nodes[0] if nodes else None,
        "release_channel_default_version": {name: item.get("defaultVersion") for name, item in channels.items()},
        "release_channel_latest_version": {
            name: next((version for version in item.get("validVersions") or [] if version.startswith(prefix)), "")
            for name, item in channels.items()
        },
        "release_channel_upgrade_target_version": {
            name: item.get("upgradeTargetVersion") or "" for name, item in channels.items()
        },
        "valid_master_versions": masters,
        "valid_node_versions": nodes,
    }
