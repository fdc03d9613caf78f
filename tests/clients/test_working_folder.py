"""Who holds a working folder, and until when; what is saved there ends with the hold."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from clients import infrastructure
from clients.terraform import PLAN
from clients.working_folder import held_descriptors, holding
from environment.errors import StateLockedError


def test_second_run_is_told_waits_and_gives_up(tmp_path: Path) -> None:
    told: list[str] = []
    with holding(tmp_path / "dev", lambda: told.append("first")):
        with (
            pytest.raises(StateLockedError, match=r"another run on this machine is at work in .*/dev; wait for"),
            holding(tmp_path / "dev", lambda: told.append("second"), wait_seconds=0),
        ):
            pytest.fail("held twice")
        with holding(tmp_path / "prod", lambda: told.append("other"), wait_seconds=0):
            pass
    assert told == ["second"]
    with holding(tmp_path / "dev", lambda: told.append("after"), wait_seconds=0):
        assert told == ["second"]


def test_what_a_run_has_started_holds_on_when_it_is_gone(tmp_path: Path) -> None:
    assert held_descriptors(tmp_path / "dev") == ()
    command = [sys.executable, "-IS", "-c", "input()"]
    with holding(tmp_path / "dev", lambda: None):
        child = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=held_descriptors(tmp_path / "dev"))
    with child:
        with pytest.raises(StateLockedError), holding(tmp_path / "dev", lambda: None, wait_seconds=0):
            pytest.fail("held twice")
        child.communicate(b"\n")
    with holding(tmp_path / "dev", lambda: None, wait_seconds=0):
        pass


@pytest.mark.parametrize("error", [KeyboardInterrupt, StateLockedError])
def test_plan_is_never_left_nor_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    monkeypatch.setattr(infrastructure, "_folder", lambda *_: tmp_path / "dev")
    (tmp_path / "dev").mkdir()
    plan = tmp_path / "dev" / PLAN
    plan.write_text("of a run that was killed")
    anything: Any = None

    def interrupted() -> None:
        with infrastructure.terraform_folder(anything, anything, lambda: None):
            assert not plan.exists()
            plan.write_text("of this run")
            raise error("stopped")

    with pytest.raises(error):
        interrupted()
    assert not plan.exists()
