from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from clients import credentials
from clients.addresses import Addresses

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
