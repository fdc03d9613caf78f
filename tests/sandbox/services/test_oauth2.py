"""The exchange of a service account's key for a token, by Google's own library."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import Request
from google.oauth2 import service_account

if TYPE_CHECKING:
    from tests.conftest import RunningSandbox

P = "acme-oauth2"
ACCOUNT = f"runner@{P}.iam.gserviceaccount.com"
ACCOUNTS = f"iam.googleapis.com/v1/projects/{P}/serviceAccounts"
SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]


@pytest.fixture(scope="module")
def key(sandbox: RunningSandbox) -> dict[str, Any]:
    sandbox.call("POST", f"serviceusage.googleapis.com/v1/projects/{P}/services/iam.googleapis.com:enable", {})
    sandbox.call("POST", ACCOUNTS, {"accountId": "runner"})
    made = sandbox.call("POST", f"{ACCOUNTS}/{ACCOUNT}/keys", {}).json()
    key: dict[str, Any] = json.loads(base64.b64decode(made["privateKeyData"]))
    return key | {"token_uri": f"{sandbox.url}/oauth2.googleapis.com/token", "resource": made["name"]}


def refreshed(key: dict[str, Any], scopes: list[str] = SCOPES) -> str:
    credentials = service_account.Credentials.from_service_account_info(key, scopes=scopes)
    credentials.refresh(Request())
    return str(credentials.token)


def test_a_token_stands_for_the_account(sandbox: RunningSandbox, key: dict[str, Any]) -> None:
    headers = {"Authorization": f"Bearer {refreshed(key)}"}
    url = f"{sandbox.url}/openidconnect.googleapis.com/v1/userinfo"
    assert httpx.get(url, headers=headers, trust_env=False).json()["email"] == ACCOUNT


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"client_email": f"nobody@{P}.iam.gserviceaccount.com"}, "account not found"),
        ({"private_key_id": "0"}, "Invalid JWT Signature"),
    ],
)
def test_another_s_assertion_is_refused(key: dict[str, Any], change: dict[str, str], refusal: str) -> None:
    with pytest.raises(RefreshError, match=f"invalid_grant: .*{refusal}"):
        refreshed(key | change)


def test_an_assertion_without_scopes_or_of_another_kind_is_refused(key: dict[str, Any]) -> None:
    with pytest.raises(RefreshError, match="invalid_scope"):
        refreshed(key, [])
    for form, error in (
        ({"grant_type": "refresh_token"}, "unsupported_grant_type"),
        ({"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": "a.b"}, "invalid_grant"),
    ):
        answer = httpx.post(key["token_uri"], data=form, trust_env=False)
        assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_a_key_that_is_disabled_or_deleted_is_good_for_nothing(sandbox: RunningSandbox, key: dict[str, Any]) -> None:
    path = f"iam.googleapis.com/v1/{key['resource']}"
    for method, what in (("POST", f"{path}:disable"), ("DELETE", path)):
        sandbox.call(method, what, {} if method == "POST" else None).raise_for_status()
        with pytest.raises(RefreshError, match="Invalid JWT Signature"):
            refreshed(key)
        if method == "POST":
            sandbox.call("POST", f"{path}:enable", {}).raise_for_status()
