from __future__ import annotations

from typing import Any

import pytest

from environment.destruction import (
    ACCOUNT,
    ADDRESS,
    BUCKET,
    CLUSTER,
    NETWORK,
    ROUTER,
    SECRET,
    SUBNETWORK,
    Found,
    ManagedState,
)
from environment.names_taken import name_findings, range_findings
from environment.spec import Environment

THEIRS: dict[str, Any] = {
    "network": {"existing": {"network": "theirs", "subnetwork": "theirs"}},
    "cluster": {"existing": {"name": "theirs", "location": "us-central1-a"}},
    "artifact_store": {"existing": {"bucket": "theirs"}},
}


def spec(**fields: Any) -> Environment:
    given = {"name": "dev", "role": "dev", "project_id": "acme-project", "region": "us-central1", "name_prefix": "acme"}
    return Environment.model_validate({**given, "state": {"bucket": "acme-state"}, **fields})


FOUND = tuple(
    Found(kind, name, is_marked=False)
    for kind, name in (
        (NETWORK, "acme-network"),
        (ROUTER, "acme-router"),
        (ADDRESS, "acme-private-services"),
        (CLUSTER, "acme-cluster"),
        (ACCOUNT, "acme-gke-node@acme-project.iam.gserviceaccount.com"),
        (ACCOUNT, "acme-kfp-user@acme-project.iam.gserviceaccount.com"),
        (BUCKET, "acme-project-acme-artifacts"),
        (SECRET, "acme-artifact-keys"),
    )
)


@pytest.mark.parametrize(
    ("kinds", "free"),
    [
        ((), set()),
        (("network",), {0, 1, 2}),
        (("cluster",), {3, 4}),
        (("artifact_store",), {6}),
        (tuple(THEIRS), {0, 1, 2, 3, 4, 6}),
    ],
)
def test_what_exists_needs_no_name(kinds: tuple[str, ...], free: set[int]) -> None:
    environment = spec(**{kind: THEIRS[kind] for kind in kinds})
    found = name_findings(environment, FOUND, ManagedState())
    assert [one.subject for one in found] == [str(one) for index, one in enumerate(FOUND) if index not in free]


@pytest.mark.parametrize(
    ("kind", "settled"),
    [
        (NETWORK, set()),
        (CLUSTER, {"master_cidr"}),
        (SUBNETWORK, {"subnet_cidr", "pods_cidr", "services_cidr"}),
        (ADDRESS, {"private_services_cidr"}),
    ],
)
def test_only_ranges_that_are_yet_to_be_taken_can_be_taken_by_others(kind: str, settled: set[str]) -> None:
    """GKE makes a subnetwork of master_cidr in the cluster's network."""
    ours = {name: cidr for name, cidr in spec().network if name.endswith("_cidr")}
    found = range_findings(spec(), {"subnetwork x": list(ours.values())}, [Found(kind, "acme")])
    assert {one.subject.removeprefix("network.").split()[0] for one in found} == set(ours) - settled


def test_the_range_of_a_control_plane_that_exists_is_not_ours() -> None:
    taken = {"subnetwork x": [spec().network.master_cidr]}
    assert [one.check for one in range_findings(spec(), taken)] == ["ranges"]
    assert range_findings(spec(cluster=THEIRS["cluster"]), taken) == ()
