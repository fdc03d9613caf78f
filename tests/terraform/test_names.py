"""Terraform and `environment.names` derive the same names."""

from typing import Any


def test_terraform_gives_the_names_that_python_derives(planner: Any, spec: Any, variables: Any) -> None:
    names = spec("dev").names
    resources = planner.resources(variables("dev"))
    assert resources["module.network.google_compute_network.this"]["name"] == names.network
    assert resources["module.network.google_compute_subnetwork.this"]["name"] == names.subnetwork
    assert resources["module.network.google_compute_router.this"]["name"] == names.router
    address = "module.network.google_compute_global_address.private_services"
    assert resources[address]["name"] == names.private_services
    rules = {key: values for key, values in resources.items() if ".google_compute_firewall." in key}
    assert {one["name"]: one["description"] for one in rules.values()} == names.firewall_rules
    assert names.is_database(names.database("x1y2z3"))
    assert resources["module.cluster.google_container_cluster.this"]["name"] == names.cluster
    assert resources["module.cluster.google_container_node_pool.this"]["name"] == names.node_pool
    assert resources["module.database.google_sql_database_instance.this"]["name"] == names.database("x1y2z3")
    assert resources["module.artifact_store.google_storage_bucket.this"]["name"] == names.bucket
    assert resources["module.notebook[0].google_workbench_instance.this"]["name"] == names.notebook


def test_terraform_gives_the_marks_by_which_the_inventory_knows_it(planner: Any, variables: Any) -> None:
    """`clients.inventory` reads them: what has our name without them may be somebody else's."""
    resources = planner.resources(variables("dev"))
    labels = {"managed-by": "mlops-env"}
    for address, attribute in (
        ("module.cluster.google_container_cluster.this", "effective_labels"),
        ("module.artifact_store.google_storage_bucket.this", "effective_labels"),
        ("module.notebook[0].google_workbench_instance.this", "effective_labels"),
    ):
        assert labels.items() <= resources[address][attribute].items()
    database = resources["module.database.google_sql_database_instance.this"]
    assert labels.items() <= database["settings"][0]["user_labels"].items()
    network = resources["module.network.google_compute_network.this"]
    assert network["description"] == "VPC of the ML environment acme-dev"
    accounts = [values for key, values in resources.items() if ".google_service_account." in key]
    assert all(one["display_name"].endswith(" of acme-dev") for one in accounts)


def test_users_and_databases_are_not_terraforms(planner: Any, variables: Any) -> None:
    """They go with their instance: alone, an open connection would hold them."""
    types = {key.split(".")[-2] for key in planner.resources(variables("dev"))}
    assert not types & {"google_sql_user", "google_sql_database"}


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
