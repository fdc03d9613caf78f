"""What single fields of the spec change, and what the modules refuse."""

from typing import Any

CLUSTER = "module.cluster.google_container_cluster.this"
DATABASE = "module.database.google_sql_database_instance.this"
FIREWALL = "module.cluster.google_compute_firewall.control_plane[0]"


OTHERWISE = (
    "network.private_cluster=false",
    "database.private_ip=false",
    "cluster.authorized_networks=[10.0.0.0/8]",
    "pipelines.namespace=ml",
    f"name_prefix={'x' * 19}",
)


def test_public_nodes_and_a_public_database(planner: Any, variables: Any) -> None:
    resources = planner.resources(variables("dev", *OTHERWISE))
    assert FIREWALL not in resources
    private = resources[CLUSTER]["private_cluster_config"][0]
    assert (private["enable_private_nodes"], private.get("master_ipv4_cidr_block")) == (False, None)
    networks = resources[CLUSTER]["master_authorized_networks_config"][0]["cidr_blocks"]
    assert [network["cidr_block"] for network in networks] == ["10.0.0.0/8"]
    assert resources[DATABASE]["settings"][0]["ip_configuration"][0]["ipv4_enabled"] is True


def test_workload_identity_is_bound_in_another_namespace(planner: Any, variables: Any) -> None:
    resources = planner.resources(variables("dev", *OTHERWISE))
    bound = {values["member"] for address, values in resources.items() if ".workload_identity[" in address}
    assert "serviceAccount:acme-mlops-dev.svc.id.goog[ml/pipeline-runner]" in bound
    assert len(bound) == 7


def test_private_nodes_are_reached_by_the_control_plane(planner: Any, variables: Any) -> None:
    resources = planner.resources(variables("dev"))
    firewall = resources[FIREWALL]
    assert firewall["allow"][0]["ports"] == ["8443", "8888"]
    assert firewall["source_ranges"] == ["172.16.0.0/28"]
    assert (
        firewall["target_tags"] == resources["module.cluster.google_container_node_pool.this"]["node_config"][0]["tags"]
    )
    networks = resources[CLUSTER]["master_authorized_networks_config"][0]["cidr_blocks"]
    assert [network["cidr_block"] for network in networks] == ["0.0.0.0/0"]


def test_the_first_pool_has_the_account_of_the_nodes(planner: Any, variables: Any) -> None:
    module = planner.plan(variables("dev"))["configuration"]["root_module"]["module_calls"]["cluster"]["module"]
    configured = {resource["address"]: resource["expressions"] for resource in module["resources"]}
    for address in ("google_container_cluster.this", "google_container_node_pool.this"):
        account = configured[address]["node_config"][0]["service_account"]
        assert "var.nodes.account" in account["references"]


def test_the_identity_pool_comes_from_the_cluster(planner: Any, variables: Any) -> None:
    calls = planner.plan(variables("dev"))["configuration"]["root_module"]["module_calls"]
    pool = calls["service_accounts"]["expressions"]["workload_pool"]
    assert "module.cluster.workload_pool" in pool["references"]


def test_the_private_services_range_is_split_into_address_and_length(planner: Any, variables: Any) -> None:
    resources = planner.resources(variables("dev"))
    address = resources["module.network.google_compute_global_address.private_services"]
    assert (address["address"], address["prefix_length"]) == ("10.40.0.0", 20)
    connection = resources["module.network.google_service_networking_connection.private_services"]
    assert (connection["deletion_policy"], connection["update_on_creation_fail"]) == ("ABANDON", True)


def test_the_root_refuses_what_no_environment_can_be(planner: Any, variables: Any) -> None:
    bad = {
        **variables("dev"),
        "project_id": "123456",
        "region": "us-central1-a",
        "zone": "us-central1",
        "name_prefix": "Acme",
        "environment": "-",
        "namespace": "a_b",
        "role": "test",
        "labels": {"Team": "ml"},
    }
    said = planner.errors(bad)
    for name in ("project_id", "region", "zone", "name_prefix", "environment", "namespace", "role", "labels"):
        assert f"{name} must " in said


def test_the_modules_refuse_what_no_resource_can_be(planner: Any, variables: Any) -> None:
    bad = variables("dev")
    bad["network"] |= {
        "subnet_cidr": "10.10.0.1/20",
        "private_services_cidr": "10.40.0.0/28",
        "master_cidr": "10.0.0.0/24",
    }
    bad["cluster"] |= {"release_channel": "FAST", "authorized_networks": ["here"], "disk_size_gib": 1}
    bad["database"] |= {"version": "MYSQL_8_4", "instance_suffix": "A B", "tier": "small"}
    said = planner.errors(bad)
    for rule in (
        "ranges must be IPv4 ranges",
        "ranges.private_services must be a /24 or larger",
        "master_cidr must be a /28",
        "release_channel must be",
        "authorized_networks must be",
        "nodes.disk_size_gib must be",
        "version must be MYSQL_8_0",
        "name_suffix must have",
        "tier must be",
    ):
        assert rule in said


def test_what_belongs_together_is_checked_together(planner: Any, variables: Any) -> None:
    bad = {**variables("prod"), "zone": "europe-west1-b"}
    bad["database"] |= {"backups": False}
    said = planner.errors(bad)
    assert "need backups: set backups to true" in said
    assert "zone must lie in region" in said
