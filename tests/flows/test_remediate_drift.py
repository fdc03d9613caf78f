"""Remediation goes by what is there when its turn comes, not by what it saw before it waited."""

from __future__ import annotations

from typing import Any

import pytest
from prefect.logging import disable_run_logger

import flows.remediate_drift as module
from environment.state_folder import StateFolder, TerraformState


def folder(serial: int) -> StateFolder:
    return StateFolder(state=TerraformState(serial=serial, lineage="l", infrastructure=None))


@pytest.mark.parametrize(("serial", "expected"), [(3, "seen before"), (4, "seen again")])
def test_it_looks_again_where_another_run_has_changed_something(monkeypatch, serial: int, expected: str) -> None:
    found: Any = "seen before"
    spec: Any = type("Spec", (), {"name": "dev"})
    monkeypatch.setattr(module, "read_state_folder", lambda spec: folder(serial))
    monkeypatch.setattr(module, "_look", lambda environment, overrides: "seen again")
    with disable_run_logger():
        assert module._of_now(spec, folder(3), found, "dev", ()) == expected
