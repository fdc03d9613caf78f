"""Changes beyond the recorded ones: what is done in place, by which call, and what needs another object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Json = dict[str, Any]
Make = Callable[..., Any]
CREATED = ("google_container_cluster", "google_container_node_pool", "google_sql_database_instance")


def created(core: Any, recorded: Any) -> Json:
    """The state of the recorded object."""
    core.api.expect(recorded.calls["create"])
    return dict(core.apply(None, recorded.configuration))


@pytest.mark.parametrize(
    ("type_name", "change", "forced"),
    [
        ("google_compute_subnetwork", {"ip_cidr_range": "10.129.0.0/21"}, [("ip_cidr_range",)]),
        ("google_compute_subnetwork", {"ip_cidr_range": "10.129.0.0/19"}, []),
        ("google_compute_network", {"name": "other"}, [("name",)]),
        ("google_compute_network", {"auto_create_subnetworks": True}, [("auto_create_subnetworks",)]),
        ("google_container_cluster", {"network": "projects/mlops-sandbox/global/networks/x"}, [("network",)]),
        ("google_container_cluster", {"network": "kfp-network"}, []),
        ("google_container_cluster", {"deletion_protection": True}, []),
        ("google_storage_bucket", {"location": "US-CENTRAL1"}, []),
        ("google_storage_bucket", {"location": "EU"}, [("location",)]),
        ("google_artifact_registry_repository", {"format": "docker"}, []),
        ("google_artifact_registry_repository", {"format": "MAVEN"}, [("format",)]),
        ("google_sql_database_instance", {"region": "europe-west1"}, [("region",)]),
    ],
)
def test_what_needs_another_object(
    type_name: str, change: Json, forced: list[Any], recording: Make, terraform: Make
) -> None:
    core, recorded = terraform(type_name), recording(type_name)
    state = created(core, recorded)
    assert core.plan(state, recorded.configuration | change)[1] == forced


def test_a_machine_type_changes_in_place_and_an_account_does_not(recording: Make, terraform: Make) -> None:
    core, recorded = terraform("google_container_node_pool"), recording("google_container_node_pool")
    state = created(core, recorded)
    (nodes,) = recorded.configuration["node_config"]
    for change, forced in (
        ({"machine_type": "e2-standard-8"}, []),
        ({"service_account": "other@p.iam.gserviceaccount.com"}, [("node_config", 0, "service_account")]),
    ):
        configuration = recorded.configuration | {"node_config": [nodes | change]}
        assert core.plan(state, configuration)[1] == forced


@pytest.mark.parametrize(
    ("autoresize", "size", "planned", "forced"),
    [(True, 10, 20, []), (False, 10, 10, [("settings", 0, "disk_size")]), (True, 30, 30, [])],
)
def test_a_disk_never_shrinks(
    autoresize: bool, size: int, planned: int, forced: list[Any], recording: Make, terraform: Make
) -> None:
    core, recorded = terraform("google_sql_database_instance"), recording("google_sql_database_instance")
    state = created(core, recorded)
    (settings,) = recorded.configuration["settings"]
    configuration = recorded.configuration | {
        "settings": [settings | {"disk_size": size, "disk_autoresize": autoresize}]
    }
    found, replaced = core.plan(state, configuration)
    assert found["settings"][0]["disk_size"] == planned
    assert replaced == forced


@pytest.mark.parametrize(
    ("change", "bodies"),
    [
        (
            {
                "master_authorized_networks_config": [
                    {"cidr_blocks": [{"cidr_block": "10.0.0.0/8", "display_name": "x"}]}
                ]
            },
            [
                {
                    "desiredControlPlaneEndpointsConfig": {
                        "ipEndpointsConfig": {
                            "authorizedNetworksConfig": {
                                "cidrBlocks": [{"cidrBlock": "10.0.0.0/8", "displayName": "x"}],
                                "enabled": True,
                            }
                        }
                    }
                }
            ],
        ),
        (
            {"private_cluster_config": [{"enable_private_nodes": False, "enable_private_endpoint": True}]},
            [
                {"desiredDefaultEnablePrivateNodes": False},
                {"desiredControlPlaneEndpointsConfig": {"ipEndpointsConfig": {"enablePublicEndpoint": False}}},
            ],
        ),
        ({"enable_shielded_nodes": False}, [{"desiredShieldedNodes": {"enabled": False}}]),
        ({"min_master_version": "1.34"}, [{"desiredMasterVersion": "1.34"}]),
        ({"deletion_protection": True}, []),
    ],
)
def test_a_cluster_takes_one_update_at_a_time(
    change: Json, bodies: list[Json], recording: Make, terraform: Make
) -> None:
    core, recorded = terraform("google_container_cluster"), recording("google_container_cluster")
    state = created(core, recorded)
    (cluster,) = [call["answer"] for call in recorded.calls["read"] if call["path"].endswith("kfp-cluster")]
    core.api.expect([])
    core.api.answers = lambda call: {"answer": cluster if call["method"] == "GET" else {"name": "o", "status": "DONE"}}
    private = recorded.configuration["private_cluster_config"][0]
    if "private_cluster_config" in change:
        change = {"private_cluster_config": [private | change["private_cluster_config"][0]]}
    core.apply(state, recorded.configuration | change)
    updates = [call["body"]["update"] for call in core.api.made if call["method"] == "PUT"]
    for update in updates:
        for endpoints in update.get("desiredControlPlaneEndpointsConfig", {}).values():
            endpoints.pop("globalAccess", None)
    assert updates == bodies


def test_a_maintenance_window_survives_the_way_to_the_api_and_back(terraform: Make) -> None:
    core = terraform("google_container_cluster")
    window = {
        "recurring_window": [
            {"start_time": "2026-01-01T03:00:00Z", "end_time": "2026-01-01T07:00:00Z", "recurrence": "FREQ=DAILY"}
        ],
        "maintenance_exclusion": [
            {"exclusion_name": "x", "start_time": "2026-02-01T00:00:00Z", "end_time": "2026-02-02T00:00:00Z"}
        ],
    }
    held: Json = {}

    def answer(call: Json) -> Json:
        if call["method"] == "POST":
            held.update(call["body"]["cluster"], status="RUNNING", networkConfig={"network": "default"})
            return {"answer": {"name": "o", "status": "DONE"}}
        return {"answer": held} if held else {"status": 404, "answer": {}}

    core.api.answers = answer
    configuration = {"name": "c", "location": "us-central1-a", "maintenance_policy": [window]}
    configuration["initial_node_count"] = 1
    state = core.apply(None, configuration)
    assert held["maintenancePolicy"]["window"]["maintenanceExclusions"]["x"]["startTime"] == "2026-02-01T00:00:00Z"
    assert core.plan(state, configuration)[0] == state


def test_changed_content_is_stored_anew_and_planned_so(terraform: Make, unknown: Any) -> None:
    core = terraform("google_storage_bucket_object")
    configuration = {"bucket": "b", "name": "n", "content": "one"}
    planned, _ = core.plan(None, configuration)
    assert planned["detect_md5hash"] == "+XxdKZQb+xsv2rCHSQargg=="
    state = planned | {"md5hash": planned["detect_md5hash"], "generation": 1}
    assert core.plan(state, configuration)[0]["generation"] == 1
    assert core.plan(state, configuration | {"content": "two"})[0]["generation"] is unknown
    assert core.plan(state | {"detect_md5hash": "changed"}, configuration)[0]["generation"] is unknown
