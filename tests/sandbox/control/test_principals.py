"""Principals, billing and the life of projects, set by the control routes and met over HTTP."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from sandbox import lifecycle

if TYPE_CHECKING:
    from tests.conftest import RunningSandbox

P = "principals"
NETWORKS = f"compute.googleapis.com/compute/v1/projects/{P}/global/networks"
SERVICES = "serviceusage.googleapis.com/v1/projects"
ANN = {"email": "ann@example.com", "project_id": P}


def call(sandbox: RunningSandbox, token: str, method: str, path: str, body: Any = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(trust_env=False, headers=headers, verify=lifecycle.NO_TLS) as client:
        return client.request(method, f"{sandbox.url}/{path}", json=body)


def test_a_principals_token_is_taken_for_what_its_roles_allow(sandbox: RunningSandbox) -> None:
    endpoint, authority = sandbox.make_cluster(P, "kfp")
    token = sandbox.control("POST", "principals", {**ANN, "roles": ["roles/container.viewer"]})["token"]
    user = call(sandbox, token, "GET", "openidconnect.googleapis.com/v1/userinfo").json()
    assert user["email"] == "ann@example.com"
    assert call(sandbox, token, "GET", NETWORKS).status_code == 403
    assert call(sandbox, token, "GET", "_sandbox/calls").status_code == 401
    assert call(sandbox, f"{token}0", "GET", NETWORKS).status_code == 401
    trust = ssl.create_default_context(cadata=authority)
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=endpoint, verify=trust, headers=headers, trust_env=False) as cluster:
        assert cluster.get("/api/v1/namespaces/default/pods").status_code == 200
        made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}
        refused = cluster.post("/api/v1/namespaces/default/configmaps", json=made)
        assert refused.status_code == 403
        assert "container.configMaps.create" in refused.json()["message"]
        sandbox.control("POST", "principals", {**ANN, "roles": ["roles/container.admin"]})
        assert cluster.post("/api/v1/namespaces/default/configmaps", json=made).status_code == 201
    log = [one for one in sandbox.calls_since(0) if one["principal"] == "ann@example.com"]
    assert [one["status"] for one in log if one["service"] == "compute.googleapis.com"] == [403]


def test_an_account_is_impersonated_by_who_may(sandbox: RunningSandbox) -> None:
    account = f"deployer@{P}.iam.gserviceaccount.com"
    sandbox.call("POST", f"{SERVICES}/{P}/services/iam.googleapis.com:enable", {})
    sandbox.call("POST", f"iam.googleapis.com/v1/projects/{P}/serviceAccounts", {"accountId": "deployer"})
    path = f"iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{account}:generateAccessToken"
    body = {"scope": ["https://www.googleapis.com/auth/cloud-platform"], "lifetime": "3600s"}
    ann = sandbox.control("POST", "principals", {**ANN, "roles": []})["token"]
    refused = call(sandbox, ann, "POST", path, body)
    assert "iam.serviceAccounts.getAccessToken" in refused.json()["error"]["message"]
    sandbox.control("POST", "principals", {**ANN, "roles": ["roles/iam.serviceAccountTokenCreator"]})
    token = call(sandbox, ann, "POST", path, body).json()["accessToken"]
    user = call(sandbox, token, "GET", "openidconnect.googleapis.com/v1/userinfo").json()
    assert user["email"] == account
    assert call(sandbox, ann, "POST", path, {**body, "lifetime": "7200s"}).status_code == 400


def test_what_is_billed_does_not_answer_while_nobody_pays(sandbox: RunningSandbox) -> None:
    enable = f"{SERVICES}/unpaid/services/compute.googleapis.com:enable"
    sandbox.control("POST", "project", {"project_id": "unpaid", "billing": False})
    info = sandbox.call("GET", "cloudbilling.googleapis.com/v1/projects/unpaid/billingInfo").json()
    assert info["billingEnabled"] is False
    assert "Billing must be enabled" in sandbox.call("POST", enable, {}).json()["error"]["message"]
    sandbox.control("POST", "project", {"project_id": "unpaid", "billing": True})
    sandbox.call("POST", enable, {}).raise_for_status()
    sandbox.control("POST", "project", {"project_id": "unpaid", "billing": False})
    answer = sandbox.call("GET", "compute.googleapis.com/compute/v1/projects/unpaid").json()
    assert answer["error"]["details"][0]["reason"] == "BILLING_DISABLED"


@pytest.mark.parametrize(("lifecycle_state", "status"), [("DELETE_REQUESTED", 200), ("MISSING", 403)])
def test_a_project_that_is_gone_answers_nothing(sandbox: RunningSandbox, lifecycle_state: str, status: int) -> None:
    sandbox.control("POST", "project", {"project_id": "gone", "lifecycle": lifecycle_state})
    project = sandbox.call("GET", "cloudresourcemanager.googleapis.com/v3/projects/gone")
    assert project.status_code == status
    assert project.json().get("state", "MISSING") == lifecycle_state
    refused = sandbox.call("GET", f"{SERVICES}/gone/services").json()
    assert refused["error"]["message"] == "Permission denied on resource project gone."


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("principals", {**ANN, "roles": ["roles/unknown"]}),
        ("principals", {"roles": []}),
        ("project", {"project_id": P, "lifecycle": "LOST"}),
        ("policy", {"project_id": P, "constraint": "no.such", "rule": {"enforce": True}}),
        ("quota", {"project_id": P, "region": "us-central1", "metric": "GOLD", "limit": 1}),
    ],
)
def test_what_cannot_be_set_is_refused(sandbox: RunningSandbox, route: str, body: dict[str, Any]) -> None:
    with pytest.raises(httpx.HTTPStatusError, match="400"):
        sandbox.control("POST", route, body)
