"""What differs between dev, staging and prod."""

from typing import Any

import pytest

CLUSTER = "module.cluster.google_container_cluster.this"
POOL = "module.cluster.google_container_node_pool.this"
DATABASE = "module.database.google_sql_database_instance.this"
BUCKET = "module.artifact_store.google_storage_bucket.this"

CLUSTERS = {
    "dev": {"location": "us-central1-a", "deletion_protection": False},
    "staging": {"location": "us-central1", "deletion_protection": False},
    "prod": {"location": "us-central1", "deletion_protection": True},
}
POOLS = {
    "dev": ("e2-standard-4", 1, 5),
    "staging": ("e2-standard-4", 1, 3),
    "prod": ("e2-standard-8", 1, 6),
}
DATABASES = {
    "dev": ("db-custom-1-3840", "ZONAL", False, False, False),
    "staging": ("db-custom-1-3840", "ZONAL", True, True, False),
    "prod": ("db-custom-2-7680", "REGIONAL", True, True, True),
}
ROLES = tuple(CLUSTERS)


@pytest.mark.parametrize("role", ROLES)
def test_the_cluster(planner: Any, variables: Any, role: str) -> None:
    cluster = planner.resources(variables(role))[CLUSTER]
    assert {key: cluster[key] for key in CLUSTERS[role]} == CLUSTERS[role]
    assert cluster["remove_default_node_pool"] is True
    assert cluster["workload_identity_config"] == [{"workload_pool": f"acme-mlops-{role}.svc.id.goog"}]
    assert cluster["private_cluster_config"][0]["enable_private_nodes"] is True
    assert cluster["release_channel"] == [{"channel": "REGULAR"}]


@pytest.mark.parametrize("role", ROLES)
def test_the_node_pool(planner: Any, variables: Any, role: str) -> None:
    pool = planner.resources(variables(role))[POOL]
    scale = pool["autoscaling"][0]
    node = pool["node_config"][0]
    assert (node["machine_type"], scale["min_node_count"], scale["max_node_count"]) == POOLS[role]
    assert node["workload_metadata_config"] == [{"mode": "GKE_METADATA"}]


@pytest.mark.parametrize("role", ROLES)
def test_the_database(planner: Any, variables: Any, role: str) -> None:
    database = planner.resources(variables(role))[DATABASE]
    settings = database["settings"][0]
    backup = settings["backup_configuration"][0]
    assert (
        settings["tier"],
        settings["availability_type"],
        backup["enabled"],
        backup["binary_log_enabled"],
        database["deletion_protection"],
    ) == DATABASES[role]
    assert settings["deletion_protection_enabled"] == database["deletion_protection"]
    assert settings["ip_configuration"][0]["ipv4_enabled"] is False
    assert settings["database_flags"] == [{"name": "default_authentication_plugin", "value": "mysql_native_password"}]
    assert settings.get("disk_size") is None


@pytest.mark.parametrize("role", ROLES)
def test_the_bucket_is_guarded_in_every_role(planner: Any, variables: Any, role: str) -> None:
    bucket = planner.resources(variables(role))[BUCKET]
    guards = ("force_destroy", "public_access_prevention", "uniform_bucket_level_access")
    assert tuple(bucket[key] for key in guards) == (False, "enforced", True)
    assert bucket["versioning"] == [{"enabled": True}]
    assert [rule["action"][0]["type"] for rule in bucket["lifecycle_rule"]] == [
        "Delete",
        "AbortIncompleteMultipartUpload",
    ]


def test_staging_and_prod_have_no_notebook(planner: Any, variables: Any) -> None:
    in_dev, in_staging, in_prod = ({*planner.resources(variables(role))} for role in ROLES)
    assert in_staging == in_prod
    assert in_dev - in_prod == {address for address in in_dev if "notebook" in address}


def test_everything_that_takes_labels_has_them(planner: Any, variables: Any) -> None:
    wanted = {"environment": "dev", "managed-by": "mlops-env", "role": "dev", "team": "ml"}
    resources = planner.resources(variables("dev"))
    labelled = {
        address: values["terraform_labels"] for address, values in resources.items() if values.get("terraform_labels")
    }
    labelled[DATABASE] = resources[DATABASE]["settings"][0]["user_labels"]
    labelled[POOL] = resources[POOL]["node_config"][0]["resource_labels"]
    assert len(labelled) == 6
    assert [address for address, labels in labelled.items() if not wanted.items() <= labels.items()] == []
