from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clients import credentials
from clients.addresses import ENDPOINT, TOKEN, Addresses
from clients.credentials import access_token, principal
from clients.service_usage import ServiceUsage
from clients.terraform import Terraform
from environment.errors import CredentialsError, ImpersonationRefusedError, PermissionDeniedError

USER = {"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r"}


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A user's Application Default Credentials, for whom gcloud noted another project."""
    file = tmp_path / "adc.json"
    file.write_text(json.dumps(USER | {"quota_project_id": "somewhere-else"}))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    credentials._application_default.cache_clear()
    yield
    credentials._application_default.cache_clear()


def test_the_environment_s_project_is_billed_whatever_gcloud_noted(user) -> None:
    found = credentials.google_credentials(Addresses(), "acme-dev")
    assert found.quota_project_id == "acme-dev"


def test_a_token_bills_the_environment_s_project_too() -> None:
    headers: dict[str, str] = {}
    credentials.google_credentials(Addresses(token="t"), "acme-dev").apply(headers)
    assert headers == {"authorization": "Bearer t", "x-goog-user-project": "acme-dev"}


def test_gke_is_told_who_a_service_account_is() -> None:
    assert "https://www.googleapis.com/auth/userinfo.email" in credentials.SCOPES


ACCOUNT = "deployer@acme-impersonation.iam.gserviceaccount.com"
ANN = {"project_id": "acme-impersonation", "email": "ann@example.com"}


@pytest.fixture
def as_ann(sandbox, monkeypatch):
    """A user of the sandbox, who may act as an account when her roles say so; returns what sets them."""
    path = "serviceusage.googleapis.com/v1/projects/acme-impersonation/services/iam.googleapis.com:enable"
    sandbox.call("POST", path, {})
    accounts = "iam.googleapis.com/v1/projects/acme-impersonation/serviceAccounts"
    sandbox.call("POST", accounts, {"accountId": "deployer"})
    token = sandbox.control("POST", "principals", {**ANN, "roles": []})["token"]
    monkeypatch.setenv(ENDPOINT, sandbox.url)
    monkeypatch.setenv(TOKEN, token)
    for cached in (credentials._account, credentials.known_principal, credentials.principal):
        cached.cache_clear()
    credentials._acted_as.clear()
    yield lambda *roles: sandbox.control("POST", "principals", {**ANN, "roles": roles})
    credentials._acted_as.clear()


def test_an_account_is_acted_as_by_who_may(as_ann, sandbox) -> None:
    addresses = Addresses.from_environment().acting_as(ACCOUNT)
    with pytest.raises(ImpersonationRefusedError) as refused:
        access_token(addresses)
    assert f"ann@example.com may not act as {ACCOUNT}" in str(refused.value)
    assert f"add-iam-policy-binding {ACCOUNT} --member=user:ann@example.com" in refused.value.hint
    as_ann("roles/iam.serviceAccountTokenCreator")
    token = access_token(addresses)
    assert sandbox.token not in token
    assert principal(addresses) == ACCOUNT
    before = sandbox.last_call()
    with pytest.raises(PermissionDeniedError) as lacking:
        ServiceUsage(addresses, "acme-impersonation").list_enabled()
    assert f"grant {ACCOUNT} a role with serviceusage.services.list" in lacking.value.hint
    assert {call["principal"] for call in sandbox.calls_since(before)} == {ACCOUNT}


def test_terraform_gets_a_token_of_the_account_and_nothing_otherwise(as_ann, tmp_path) -> None:
    as_ann("roles/iam.serviceAccountTokenCreator")
    plain = Addresses.from_environment()
    assert Terraform(tmp_path, plain)._identity() == {}
    (name, token), *_ = Terraform(tmp_path, plain.acting_as(ACCOUNT))._identity().items()
    assert name == TOKEN
    assert token == access_token(plain.acting_as(ACCOUNT)) != access_token(plain)


@pytest.fixture
def as_key(as_ann, sandbox) -> Iterator[Addresses]:
    """The account by a key of its own, by the name block:deployer."""
    accounts = "iam.googleapis.com/v1/projects/acme-impersonation/serviceAccounts"
    made = sandbox.call("POST", f"{accounts}/{ACCOUNT}/keys", {}).json()
    credentials.use_key("block:deployer", json.loads(base64.b64decode(made["privateKeyData"])))
    yield Addresses.from_environment().acting_as(None, "block:deployer")
    credentials._keys.clear()


def test_a_key_that_a_spec_names_is_who_we_are_for_clients_and_terraform(as_key, sandbox, tmp_path) -> None:
    assert principal(as_key) == ACCOUNT
    before = sandbox.last_call()
    with pytest.raises(PermissionDeniedError) as lacking:
        ServiceUsage(as_key, "acme-impersonation").list_enabled()
    assert f"grant {ACCOUNT} a role with serviceusage.services.list" in lacking.value.hint
    asked = [call for call in sandbox.calls_since(before) if call["service"] != "oauth2.googleapis.com"]
    assert {call["principal"] for call in asked} == {ACCOUNT}
    first, second = (Terraform(tmp_path, as_key)._identity() for _ in range(2))
    assert first.keys() == second.keys() == {TOKEN}, "the key itself is not Terraform's to have"
    assert first != second
    assert principal(Addresses.from_environment()) == "ann@example.com"


def test_a_key_may_be_used_to_act_as_another_account(as_key, sandbox) -> None:
    accounts = "iam.googleapis.com/v1/projects/acme-impersonation/serviceAccounts"
    sandbox.call("POST", accounts, {"accountId": "another"})
    another = "another@acme-impersonation.iam.gserviceaccount.com"
    with pytest.raises(ImpersonationRefusedError, match=f"{ACCOUNT} may not act as {another}"):
        access_token(as_key.acting_as(another, "block:deployer"))
    sandbox.control(
        "POST",
        "principals",
        {"project_id": "acme-impersonation", "email": ACCOUNT, "roles": ["roles/iam.serviceAccountTokenCreator"]},
    )
    acting = as_key.acting_as(another, "block:deployer")
    assert access_token(acting)
    assert principal(acting) == another


def test_a_key_that_is_no_more_is_refused_with_what_to_do(as_key, sandbox) -> None:
    accounts = f"iam.googleapis.com/v1/projects/acme-impersonation/serviceAccounts/{ACCOUNT}/keys"
    for key in sandbox.call("GET", accounts).json()["keys"]:
        sandbox.call("DELETE", f"iam.googleapis.com/v1/{key['name']}")
    with pytest.raises(CredentialsError, match="Invalid JWT Signature") as refused:
        access_token(as_key)
    assert "put a key that is valid into the block" in refused.value.hint


def test_credentials_that_nobody_read_are_nobody_else_s(as_ann) -> None:
    with pytest.raises(CredentialsError, match="nobody has read the credentials block:unread"):
        access_token(Addresses.from_environment().acting_as(None, "block:unread"))


def test_each_terraform_command_has_a_token_s_whole_hour(as_ann, tmp_path) -> None:
    as_ann("roles/iam.serviceAccountTokenCreator")
    addresses = Addresses.from_environment().acting_as(ACCOUNT)
    before = access_token(addresses)
    account = credentials._account(addresses)
    account.expiry -= timedelta(minutes=50)  # as after that time: still valid
    assert access_token(addresses) == before
    given = Terraform(tmp_path, addresses)._identity()[TOKEN]
    assert given == account.token != before
    assert account.expiry - datetime.now(UTC).replace(tzinfo=None) > timedelta(minutes=59)
