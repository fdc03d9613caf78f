from __future__ import annotations

from typing import Any

import pytest

from environment.deployer import (
    DEPLOYER_ROLES,
    batches,
    deployer_roles,
    member,
    needed_permissions,
    permission_findings,
)
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
    (finding,) = permission_findings(spec(), "ann@example.com", held)
    assert (
        finding.fix
        == f"gcloud projects add-iam-policy-binding acme-project --member=user:ann@example.com --role={role}"
    )
    missing = finding.problem.removeprefix("lacks ").removesuffix(" on project acme-project").split(", ")
    assert missing
    assert set(missing) <= known[role] - held


def test_what_is_not_made_needs_no_permission() -> None:
    bare = spec(components={"notebooks": False})
    assert "roles/notebooks.admin" in {role.role for role in deployer_roles(spec())}
    assert not any(permission.startswith("notebooks.") for permission in needed_permissions(bare))
    assert permission_findings(bare, "ann@example.com", needed_permissions(bare)) == ()


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
