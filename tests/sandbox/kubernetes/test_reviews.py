from __future__ import annotations

from typing import Any

import pytest

AUTHORIZATION = "/apis/authorization.k8s.io/v1"
AUTHENTICATION = "/apis/authentication.k8s.io/v1"


@pytest.mark.parametrize(
    ("resource", "spec", "allowed"),
    [
        ("selfsubjectaccessreviews", {"resourceAttributes": {"verb": "delete", "resource": "nodes"}}, True),
        ("subjectaccessreviews", {"user": "somebody"}, False),
        ("subjectaccessreviews", {"user": "root", "groups": ["system:masters"]}, True),
        ("selfsubjectrulesreviews", {"namespace": "default"}, None),
    ],
)
def test_access(api: Any, resource: str, spec: dict[str, Any], allowed: bool | None) -> None:
    status = api.create(f"{AUTHORIZATION}/{resource}", {"spec": spec})["status"]
    if allowed is None:
        assert status["resourceRules"] == [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]
    else:
        assert status["allowed"] is allowed


def test_local_access(api: Any) -> None:
    path = f"{AUTHORIZATION}/namespaces/default/localsubjectaccessreviews"
    assert api.create(path, {"spec": {"user": "somebody"}})["status"] == {"allowed": False}


def test_who_am_i(api: Any) -> None:
    user = api.create(f"{AUTHENTICATION}/selfsubjectreviews", {})["status"]["userInfo"]
    assert (user["username"], user["groups"]) == ("sandbox", ["system:masters", "system:authenticated"])


@pytest.mark.parametrize(("token", "known"), [("token-of-the-users", True), ("other", False)])
def test_tokens(api: Any, token: str, known: bool) -> None:
    status = api.create(f"{AUTHENTICATION}/tokenreviews", {"spec": {"token": token}})["status"]
    assert status.get("authenticated", False) is known


def test_reviews_are_not_stored(api: Any) -> None:
    assert api.call("GET", f"{AUTHORIZATION}/selfsubjectaccessreviews")[0] == 405
