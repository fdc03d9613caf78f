"""Terraform and `environment.names` derive the same names."""

from typing import Any


def test_terraform_gives_the_names_that_python_derives(planner: Any, spec: Any, variables: Any) -> None:
    names = spec("dev").names
    resources = planner.resources(variables("dev"))
    assert resources["module.network.google_compute_network.this"]["name"] == names.network
    assert resources["module.network.google_compute_subnetwork.this"]["name"] == names.subnetwork
    assert resources["module.cluster.google_container_cluster.this"]["name"] == names.cluster
    assert resources["module.database.google_sql_database_instance.this"]["name"] == names.database("x1y2z3")
    assert resources["module.artifact_store.google_storage_bucket.this"]["name"] == names.bucket
    assert resources["module.notebook[0].google_workbench_instance.this"]["name"] == names.notebook


def test_terraform_makes_the_accounts_that_python_knows(planner: Any, spec: Any, variables: Any) -> None:
    accounts = {
        address.split('["')[1].rstrip('"]'): values["account_id"]
        for address, values in planner.resources(variables("dev")).items()
        if ".google_service_account." in address
    }
    assert accounts == spec("dev").names.service_accounts


def test_every_name_begins_with_the_prefix(planner: Any, variables: Any) -> None:
    placeless = {"google_storage_bucket", "google_storage_bucket_object"}
    named = {
        address: values["name"]
        for address, values in planner.resources(variables("dev")).items()
        if "name" in values and address.split(".")[-2] not in placeless
    }
    assert len(named) > 8
    assert [name for name in named.values() if not name.startswith("acme-dev-")] == []


def test_terraform_refuses_the_prefix_that_python_refuses(planner: Any, spec: Any, variables: Any) -> None:
    longest = spec("dev").names.longest_prefix
    too_long = {**variables("dev"), "name_prefix": "x" * (longest + 1)}
    assert f"name_prefix must have 1 to {longest} " in planner.errors(too_long)
