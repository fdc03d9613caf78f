"""What an apply has done that did not come to its end."""

from __future__ import annotations

import json
from typing import Any

import pytest

from environment.applied_changes import carried_out, half_made
from environment.changes import INFRASTRUCTURE, Change
from environment.terraform_events import TerraformEvent

NODE = 'module.accounts.google_service_account.this["node"]'
CLUSTER = "module.cluster.google_container_cluster.this"


def change(line: str) -> Change:
    action, address = line.split(" ")
    return Change(layer=INFRASTRUCTURE, action=action, address=address)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("planned", "events", "expected"),
    [
        (["create a"], [], []),
        (["create a", "create b"], ["apply_complete create b", "apply_errored create a"], ["create b"]),
        (["create a"], ["apply_start create a", "apply_progress create a"], []),
        (["replace a"], ["apply_complete delete a"], ["delete a"]),
        (["replace a"], ["apply_complete create a", "apply_complete delete a"], ["replace a"]),
        (["update a"], ["apply_complete update a", "apply_complete read data.b"], ["update a"]),
    ],
)
def test_what_was_carried_out(planned: list[str], events: list[str], expected: list[str]) -> None:
    told = [TerraformEvent(kind, "", address, action) for kind, action, address in map(str.split, events)]
    assert [*carried_out(map(change, planned), told)] == expected


def state(*instances: dict[str, Any]) -> str:
    account = {"module": "module.accounts", "mode": "managed", "type": "google_service_account", "name": "this"}
    whole = {"module": "module.cluster", "mode": "managed", "type": "google_container_cluster", "name": "this"}
    indexed = [one for one in instances if "index_key" in one]
    return json.dumps(
        {
            "resources": [
                {**account, "instances": indexed},
                {**whole, "instances": [one for one in instances if one not in indexed]},
            ]
        }
    )


@pytest.mark.parametrize(
    ("planned", "done", "left", "expected"),
    [
        ([f"create {CLUSTER}"], [], None, []),
        ([f"create {CLUSTER}"], [], state({}), []),
        ([f"create {CLUSTER}"], [], state({"status": "tainted"}), [f"create {CLUSTER} (half-way)"]),
        ([f"create {NODE}"], [], state({"status": "tainted", "index_key": "system"}), []),
        ([f"create {NODE}"], [], state({"status": "tainted", "index_key": "node"}), [f"create {NODE} (half-way)"]),
        ([f"replace {CLUSTER}"], [], state({"status": "tainted"}), []),
        (
            [f"replace {CLUSTER}"],
            [f"delete {CLUSTER}"],
            state({"status": "tainted"}),
            [f"create {CLUSTER} (half-way)"],
        ),
    ],
)
def test_what_was_half_made(planned: list[str], done: list[str], left: str | None, expected: list[str]) -> None:
    assert [*half_made(map(change, planned), done, left)] == expected
