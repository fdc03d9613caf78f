"""Which calls to a cluster count as changes."""

from __future__ import annotations

import pytest

from sandbox.clusters.calls import CONTROLLER, USER, is_mutating

PODS = "/api/v1/namespaces/ml/pods"


@pytest.mark.parametrize(
    ("method", "path", "query", "status", "actor", "expected"),
    [
        ("POST", PODS, {}, 201, USER, True),
        ("PATCH", f"{PODS}/a", {"fieldManager": ["me"]}, 200, USER, True),
        ("DELETE", f"{PODS}/a", {}, 200, USER, True),
        ("GET", PODS, {}, 200, USER, False),
        ("PATCH", f"{PODS}/a", {"dryRun": ["All"]}, 200, USER, False),
        ("POST", PODS, {}, 409, USER, False),
        ("POST", PODS, {}, 201, CONTROLLER, False),
        ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {}, 201, USER, False),
        ("POST", "/apis/authorization.k8s.io/v1/namespaces/ml/localsubjectaccessreviews", {}, 201, USER, False),
    ],
)
def test_mutating(method: str, path: str, query: dict[str, list[str]], status: int, actor: str, expected: bool) -> None:
    assert is_mutating(method, path, query, status=status, actor=actor, is_dry_run=False) is expected


def test_a_dry_run_in_the_body_changes_nothing() -> None:
    assert not is_mutating("DELETE", f"{PODS}/a", {}, status=200, actor=USER, is_dry_run=True)
