"""The data sources: what they ask and what they make of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.provider.errors import ApiFailure, ProviderError
from sandbox.provider.registry import data_source

Json = dict[str, Any]
PROJECT = {
    "projectNumber": "12",
    "lifecycleState": "ACTIVE",
    "name": "My project",
    "labels": {"a": "b"},
    "parent": {"type": "folder", "id": "7"},
}


@pytest.fixture
def api(terraform: Callable[..., Any]) -> Any:
    return terraform("google_compute_network").api


def test_the_configuration_is_told_without_a_call(api: Any) -> None:
    found = data_source("google_client_config")(api, {})
    assert (found["project"], found["region"], found["zone"]) == ("mlops-sandbox", "us-central1", "us-central1-a")
    assert api.made == []


def billing(status: int, reason: str = "") -> Callable[[Json], Json]:
    def answer(call: Json) -> Json:
        if not call["path"].endswith("billingInfo"):
            return {"answer": PROJECT}
        error = {"code": status, "message": "m", "errors": [{"reason": reason}]}
        account = {"billingAccountName": "billingAccounts/1-2"}
        return {"answer": account} if status == 200 else {"status": status, "answer": {"error": error}}

    return answer


@pytest.mark.parametrize(("status", "reason", "account"), [(200, "", "1-2"), (403, "accessNotConfigured", "")])
def test_a_project_with_its_billing_account(status: int, reason: str, account: str, api: Any) -> None:
    api.answers = billing(status, reason)
    found = data_source("google_project")(api, {"project_id": None})
    assert (found["number"], found["folder_id"], found["org_id"]) == ("12", "7", "")
    assert found["billing_account"] == account


def test_billing_that_is_forbidden_is_an_error(api: Any) -> None:
    api.answers = billing(403, "forbidden")
    with pytest.raises(ApiFailure, match="403"):
        data_source("google_project")(api, {})


@pytest.mark.parametrize("answer", [{"status": 404, "answer": {}}, {"answer": {"lifecycleState": "DELETE_REQUESTED"}}])
def test_a_project_that_is_not_there(answer: Json, api: Any) -> None:
    api.answers = lambda call: answer
    with pytest.raises(ProviderError, match="projects/x not found or not in ACTIVE state"):
        data_source("google_project")(api, {"project_id": "x"})


def test_versions_of_a_prefix(api: Any) -> None:
    api.answers = lambda call: {
        "answer": {
            "defaultClusterVersion": "1.33.1",
            "validMasterVersions": ["1.34.0", "1.33.2", "1.33.1"],
            "validNodeVersions": ["1.33.1"],
            "channels": [{"channel": "STABLE", "defaultVersion": "1.33.1", "validVersions": ["1.33.2", "1.33.1"]}],
        }
    }
    found = data_source("google_container_engine_versions")(api, {"version_prefix": "1.33."})
    assert found["valid_master_versions"] == ["1.33.2", "1.33.1"]
    assert found["latest_master_version"] == "1.33.2"
    assert found["release_channel_latest_version"] == {"STABLE": "1.33.2"}


def test_what_is_not_offered_says_so() -> None:
    with pytest.raises(ProviderError, match="does not offer google_dns_zone"):
        data_source("google_dns_zone")
