"""What GKE says of clusters and node pools, and Cloud SQL of an instance, on the sandbox."""

from __future__ import annotations

from typing import Any

import pytest

from clients.addresses import Addresses
from clients.gke import read_cluster_status, read_pool_status
from clients.sql_admin import SqlAdmin

PROJECT, ZONE, NAME = "acme-statuses", "us-central1-a", "statuses"
POOLS = f"container.googleapis.com/v1/projects/{PROJECT}/locations/{ZONE}/clusters/{NAME}/nodePools"


@pytest.fixture(scope="module")
def addresses(sandbox: Any) -> Addresses:
    sandbox.make_cluster(PROJECT, NAME)
    return Addresses(endpoint=sandbox.url, token=sandbox.token)


def test_what_runs_was_ready_and_what_is_missing_is_nothing(addresses: Addresses) -> None:
    cluster = read_cluster_status(addresses, PROJECT, ZONE, NAME)
    pool = read_pool_status(addresses, PROJECT, ZONE, NAME, "default-pool")
    for found in (cluster, pool):
        assert found is not None
        assert (found.describe(), found.was_never_ready) == ("RUNNING", False)
    assert read_cluster_status(addresses, PROJECT, ZONE, "no") is None
    assert read_pool_status(addresses, PROJECT, ZONE, NAME, "no") is None
    assert read_pool_status(addresses, PROJECT, ZONE, "no", "default-pool") is None


def test_a_pool_that_got_no_machines_was_never_ready(addresses: Addresses, sandbox: Any) -> None:
    sandbox.control("POST", "capacity", {"zone": ZONE, "available": False})
    body = {"nodePool": {"name": "more", "initialNodeCount": 1}}
    sandbox.call("POST", POOLS, body).raise_for_status()
    sandbox.control("POST", "capacity", {"zone": ZONE, "available": True})
    found = read_pool_status(addresses, PROJECT, ZONE, NAME, "more")
    assert found is not None
    assert found.was_never_ready
    assert found.describe().startswith("ERROR: Try a different location")


def test_the_state_of_a_database(addresses: Addresses, sandbox: Any) -> None:
    service = f"serviceusage.googleapis.com/v1/projects/{PROJECT}/services/sqladmin.googleapis.com:enable"
    sandbox.call("POST", service, {}).raise_for_status()
    instances = f"sqladmin.googleapis.com/sql/v1beta4/projects/{PROJECT}/instances"
    sandbox.call("POST", instances, {"name": "db", "settings": {"tier": "db-custom-1-3840"}}).raise_for_status()
    sql = SqlAdmin(addresses, PROJECT)
    assert (sql.read_state("db"), sql.read_state("no")) == ("RUNNABLE", None)
    assert sql.delete_instance("db", backup_days=1)
    assert not sql.delete_instance("db", backup_days=1)
