from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest

from environment.deployer import (
    DEPLOYER_ROLES,
    SPARED,
    TO_DESTROY,
    batches,
    deployer_roles,
    member,
    needed_permissions,
    permission_findings,
    permissions_of,
)
from environment.errors import PreflightError
from environment.findings import refuse
from environment.spec import Environment
from sandbox.kernel.access import role_permissions


def spec(**fields: Any) -> Environment:
    given = {"name": "dev", "role": "dev", "project_id": "acme-project", "region": "us-central1", "name_prefix": "acme"}
    return Environment.model_validate({**given, "state": {"bucket": "acme-state"}, **fields})


def test_each_role_has_the_permissions_that_it_is_to_bring() -> None:
    known = role_permissions()
    for role in DEPLOYER_ROLES:
        assert set(role.permissions) <= known[role.role], role.role


@pytest.mark.parametrize("role", [role.role for role in DEPLOYER_ROLES])
def test_no_role_can_be_spared(role: str) -> None:
    """Without it, the other roles lack something, and the finding says to grant it."""
    known = role_permissions()
    held = frozenset().union(*(known[other.role] for other in DEPLOYER_ROLES if other.role != role))
    (finding,) = permission_findings(spec(identity="service_account_key"), "ann@example.com", held)
    assert (
        finding.fix
        == f"gcloud projects add-iam-policy-binding acme-project --member=user:ann@example.com --role={role}"
    )
    missing = finding.problem.removeprefix("lacks ").partition(" on project acme-project")[0].split(", ")
    assert missing
    assert set(missing) <= known[role] - held


def test_what_is_not_made_needs_no_permission() -> None:
    bare = spec(components={"notebooks": False})
    assert "roles/notebooks.admin" in {role.role for role in deployer_roles(spec())}
    assert not any(permission.startswith("iam.serviceAccountKeys.") for permission in needed_permissions(spec()))
    assert not any(permission.startswith("notebooks.") for permission in needed_permissions(bare))
    assert permission_findings(bare, "ann@example.com", needed_permissions(bare)) == ()


def test_what_exists_needs_no_permission_to_make_or_remove_it() -> None:
    network = {"existing": {"network": "theirs", "subnetwork": "theirs"}}
    theirs = spec(
        components={"notebooks": False},
        network=network,
        cluster={"existing": {"name": "theirs", "location": "us-central1-a"}},
        database={"existing": {"instance": "theirs"}},
        artifact_store={"existing": {"bucket": "theirs"}},
    )
    needed = needed_permissions(theirs)
    spared = set(needed_permissions(spec(components={"notebooks": False}))) - set(needed)
    assert {"container.clusters.create", "compute.networks.create", "iam.serviceAccounts.actAs"} <= spared
    assert {"cloudsql.instances.delete", "storage.buckets.delete"} <= spared
    assert {"container.clusters.get", "storage.buckets.create", "cloudsql.users.create"} <= set(needed)
    assert permission_findings(theirs, "ann@example.com", needed) == ()
    only_network = needed_permissions(spec(network=network))
    assert "container.clusters.create" in only_network
    assert "iam.serviceAccounts.actAs" in only_network
    assert "compute.routers.create" not in only_network


def test_each_permission_that_is_set_apart_is_of_the_table() -> None:
    known = {permission for role in DEPLOYER_ROLES for permission in role.permissions}
    for verbs in (*SPARED.values(), TO_DESTROY):
        assert set(permissions_of(verbs)) <= known


@pytest.mark.parametrize(
    ("lacking", "stops_create"),
    [
        ({"compute.disks.delete"}, False),
        ({"compute.networks.removePeering", "compute.urlMaps.list"}, False),
        ({"compute.networks.removePeering", "compute.networks.create"}, True),
        ({"container.clusters.create"}, True),
    ],
)
def test_what_only_a_destroy_needs_does_not_stop_a_create(lacking: set[str], stops_create: bool) -> None:
    (finding,) = permission_findings(spec(), "ann@example.com", set(needed_permissions(spec())) - lacking)
    assert finding.stops_create is stops_create
    assert ("which destroy needs" in finding.problem) is not stops_create
    with pytest.raises(PreflightError) if stops_create else nullcontext():
        refuse((finding,))


def test_calls_hold_no_more_permissions_than_the_api_takes() -> None:
    needed = needed_permissions(spec())
    assert len(set(needed)) == len(needed)
    cut = batches(needed)
    assert max(map(len, cut)) <= 100
    assert tuple(one for batch in cut for one in batch) == needed


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ("ann@example.com", "user:ann@example.com"),
        ("ci@acme-project.iam.gserviceaccount.com", "serviceAccount:ci@acme-project.iam.gserviceaccount.com"),
        ("the account of the credentials in use", "user:EMAIL"),
    ],
)
def test_a_member_is_written_as_policies_do(principal: str, expected: str) -> None:
    assert member(principal) == expected
