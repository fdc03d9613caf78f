"""Keys of service accounts: their Secrets, read back; and which keys nobody can use."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from environment.account_keys import CREDENTIALS, KEY_ANNOTATION, credentials_of, key_secret, orphans, replaced_keys
from environment.names import Names

FILE = json.dumps({"type": "service_account", "private_key_id": "k1", "private_key": "hidden"})


def test_a_secret_holds_the_key_under_both_names_and_is_read_back() -> None:
    secret = key_secret("ml", "user-gcp-sa", FILE, "k1")
    assert secret["metadata"]["annotations"] == {KEY_ANNOTATION: "k1"}
    held = {name: base64.b64decode(value).decode() for name, value in secret["data"].items()}
    assert held == {CREDENTIALS: FILE, "user-gcp-sa.json": FILE}
    assert credentials_of(secret) == ("k1", FILE)


def with_data(**data: str) -> dict[str, Any]:
    return {"metadata": {"annotations": {KEY_ANNOTATION: "k1"}}, "data": data}


@pytest.mark.parametrize(
    "secret",
    [
        None,
        {"metadata": {}},
        with_data(),
        with_data(**{CREDENTIALS: "%%%"}),
        with_data(**{CREDENTIALS: base64.b64encode(b"no JSON").decode()}),
        with_data(**{CREDENTIALS: base64.b64encode(b'{"private_key_id": "k2"}').decode()}),
    ],
)
def test_what_is_no_key_of_ours_counts_as_none(secret: Any) -> None:
    assert credentials_of(secret) is None


@pytest.mark.parametrize(
    ("listed", "noted", "current", "expected"),
    [
        ((), (), None, ()),
        (("old", "theirs"), ("old", "theirs"), "old", ()),
        (("old", "lost"), ("old",), "old", ("lost",)),
        (("old", "new"), ("old",), "new", ()),
    ],
)
def test_only_what_a_run_made_and_lost_is_an_orphan(listed, noted, current, expected) -> None:
    assert orphans(listed, noted, current) == expected


@pytest.mark.parametrize(
    ("replaced", "versions", "ended"),
    [
        ({"mysql-secret": "1"}, {"mysql-secret": "2"}, ()),
        ({"user-gcp-sa": "k1"}, {"user-gcp-sa": "k2"}, (("ml-kfp-user@acme.iam.gserviceaccount.com", "k1"),)),
        ({"user-gcp-sa": "k1"}, {"user-gcp-sa": "k1"}, ()),
        ({"system-gcp-sa": "k1"}, {}, (("ml-kfp-system@acme.iam.gserviceaccount.com", "k1"),)),
    ],
)
def test_a_key_that_was_replaced_ends_also_where_its_secret_is_gone(
    replaced: dict[str, str], versions: dict[str, str], ended: tuple[tuple[str, str], ...]
) -> None:
    assert replaced_keys(replaced, versions, Names("acme", "ml")) == ended
