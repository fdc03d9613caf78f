"""What goes and what stays, decided on a state and on what was found."""

from __future__ import annotations

import json

import pytest

from environment.destruction import (
    Found,
    ManagedState,
    first_targets,
    is_disk_of,
    is_left_by_gke,
    last_targets,
    parse_managed,
    split_kept,
)

STATE = {
    "resources": [
        {
            "mode": "managed",
            "module": "module.cluster",
            "type": "google_container_cluster",
            "name": "this",
            "instances": [{"attributes": {"name": "a-cluster", "deletion_protection": True}}],
        },
        {
            "mode": "managed",
            "module": "module.database",
            "type": "google_sql_database_instance",
            "name": "this",
            "instances": [{"attributes": {"name": "a-mysql-abc123"}}],
        },
        {
            "mode": "managed",
            "module": "module.notebook[0]",
            "type": "google_workbench_instance",
            "name": "this",
            "instances": [{"attributes": {}}],
        },
        {
            "mode": "managed",
            "module": "module.network",
            "type": "google_compute_network",
            "name": "this",
            "instances": [{"attributes": {}}],
        },
        {
            "mode": "managed",
            "module": "module.network",
            "type": "google_compute_router",
            "name": "this",
            "instances": [{"attributes": {}}],
        },
        {"mode": "data", "type": "google_project", "name": "this", "instances": [{"attributes": {}}]},
    ]
}
CLUSTER = "module.cluster.google_container_cluster.this"
DATABASE = "module.database.google_sql_database_instance.this"
NETWORK = "module.network.google_compute_network.this"
NOTEBOOK = "module.notebook.google_workbench_instance.this"
ROUTER = "module.network.google_compute_router.this"


@pytest.fixture
def managed() -> ManagedState:
    return parse_managed(json.dumps(STATE))


def test_a_state_tells_addresses_protection_and_the_name_of_the_database(managed) -> None:
    assert managed.addresses == (CLUSTER, DATABASE, NETWORK, ROUTER, NOTEBOOK)
    assert managed.is_cluster_protected
    assert managed.database == "a-mysql-abc123"


def test_without_a_state_nothing_is_managed() -> None:
    assert parse_managed(None) == ManagedState()


def test_the_network_goes_last_and_data_with_what_it_needs_stays(managed) -> None:
    assert first_targets(managed, delete_data=False) == (CLUSTER, NOTEBOOK)
    assert last_targets(managed, delete_data=False) == (CLUSTER, ROUTER, NOTEBOOK)


def test_data_that_is_given_up_goes_before_the_network(managed) -> None:
    assert first_targets(managed, delete_data=True) == (CLUSTER, DATABASE, NOTEBOOK)
    assert last_targets(managed, delete_data=True) == managed.addresses


@pytest.mark.parametrize(
    ("kind", "delete_data", "is_kept"),
    [
        ("bucket", False, True),
        ("database", False, True),
        ("secret", False, True),
        ("network", False, True),
        ("bucket", True, False),
        ("network", True, False),
        ("cluster", False, False),
        ("role", False, False),
    ],
)
def test_what_stays_is_the_data_and_what_it_needs(managed, kind, delete_data, is_kept) -> None:
    found = Found(kind, "a-thing")
    kept, left = split_kept([found], managed, delete_data=delete_data)
    assert (kept, left) == (((found,), ()) if is_kept else ((), (found,)))


def test_without_a_database_the_network_need_not_stay() -> None:
    found = Found("network", "a-network")
    assert split_kept([found], ManagedState(), delete_data=False) == ((), (found,))


@pytest.mark.parametrize(
    ("name", "is_left"),
    [("k8s-fw-a1b2", True), ("gke-a-cluster-0123-all", True), ("k8s2-x", True), ("a-control-plane", False)],
)
def test_gke_is_known_by_the_names_it_gives(name, is_left) -> None:
    assert is_left_by_gke(name) is is_left


@pytest.mark.parametrize(
    ("name", "labels", "is_ours"),
    [
        ("pvc-1", {"goog-k8s-cluster-name": "a-cluster"}, True),
        ("gke-a-cluster-pvc-1", {}, True),
        ("pvc-1", {"goog-k8s-cluster-name": "other"}, False),
        ("pvc-1", {}, False),
    ],
)
def test_disks_of_other_clusters_are_never_ours(name, labels, is_ours) -> None:
    assert is_disk_of("a-cluster", name, labels) is is_ours
