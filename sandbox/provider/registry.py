"""Where each type is implemented; a module is imported when its first type is used."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from sandbox.provider.api import Api
from sandbox.provider.errors import ProviderError
from sandbox.provider.resource import Resource
from sandbox.provider.wire import Values

DataSource = Callable[[Api, Values], Values]

RESOURCES = {
    "google_artifact_registry_repository": "artifact_registry.Repository",
    "google_bigquery_dataset": "bigquery.Dataset",
    "google_compute_firewall": "compute_firewall.Firewall",
    "google_compute_global_address": "compute_address.GlobalAddress",
    "google_compute_network": "compute_network.Network",
    "google_compute_router": "compute_router.Router",
    "google_compute_router_nat": "compute_router.RouterNat",
    "google_compute_subnetwork": "compute_network.Subnetwork",
    "google_container_cluster": "container_cluster.Cluster",
    "google_container_node_pool": "container_node_pool.NodePool",
    "google_project_iam_member": "iam_members.ProjectMember",
    "google_project_service": "service_usage.ProjectService",
    "google_secret_manager_secret": "secret_manager.Secret",
    "google_secret_manager_secret_version": "secret_manager.SecretVersion",
    "google_service_account": "service_accounts.ServiceAccount",
    "google_service_account_iam_member": "iam_members.ServiceAccountMember",
    "google_service_account_key": "service_accounts.ServiceAccountKey",
    "google_service_networking_connection": "service_networking.Connection",
    "google_sql_database": "sql.Database",
    "google_sql_database_instance": "sql_instance.DatabaseInstance",
    "google_sql_user": "sql.User",
    "google_storage_bucket": "storage.Bucket",
    "google_storage_bucket_iam_member": "iam_members.BucketMember",
    "google_storage_bucket_object": "storage_object.BucketObject",
    "google_workbench_instance": "workbench.Instance",
}
DATA_SOURCES = {
    "google_client_config": "data_sources.client_config",
    "google_compute_network": "lookups.network",
    "google_compute_subnetwork": "lookups.subnetwork",
    "google_container_cluster": "lookups.cluster",
    "google_container_engine_versions": "data_sources.engine_versions",
    "google_project": "data_sources.project",
    "google_sql_database_instance": "lookups.database_instance",
    "google_storage_bucket": "lookups.bucket",
}


def resource_class(type_name: str) -> type[Resource]:
    """The class of a resource type."""
    found: type[Resource] = _find(RESOURCES, type_name)
    return found


def data_source(type_name: str) -> DataSource:
    """The function of a data source."""
    found: DataSource = _find(DATA_SOURCES, type_name)
    return found


def _find(table: dict[str, str], type_name: str) -> Any:
    if type_name not in table:
        raise ProviderError(f"the sandbox's provider does not offer {type_name}")
    module, _, name = table[type_name].rpartition(".")
    return getattr(importlib.import_module(f"sandbox.provider.resources.{module}"), name)
