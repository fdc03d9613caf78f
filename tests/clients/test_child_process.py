"""Processes of our own: they are heard while they work, and end when the run does."""

from __future__ import annotations

import contextvars
import signal
import time
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from clients.child_process import ending_children, run_child
from environment.errors import MlopsEnvError

CHILD = """\
import json, os, signal, sys, time
request = json.loads(sys.stdin.readline())
print(json.dumps({"got": request, "worker": os.environ.get("PREFECT__FLOW_RUN_ID")}), flush=True)
if request["how"] == "killed":
    print('{"half', end="", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
if request["how"] == "waiting":
    sys.stdin.read()
    print(json.dumps({"told": "to end"}), flush=True)
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs a child that ends as it is asked to; returns its exit code and what was heard."""
    (tmp_path / "child.py").write_text(CHILD)
    monkeypatch.setenv("PREFECT__FLOW_RUN_ID", "the-parent")

    def act(how: str, heard: list[dict[str, Any]]) -> int:
        return run_child("child", {"how": how}, heard.append, {"PYTHONPATH": str(tmp_path)})

    return act


@pytest.mark.parametrize(("how", "code"), [("well", 0), ("killed", -signal.SIGKILL)])
def test_a_child_is_given_its_request_and_heard_to_its_end(run, how: str, code: int) -> None:
    heard: list[dict[str, Any]] = []
    with ending_children():
        assert run(how, heard) == code
    assert heard == [{"got": {"how": how}, "worker": None}]


def test_a_child_ends_with_the_run_and_no_other_begins(run) -> None:
    heard: list[dict[str, Any]] = []
    with ending_children():
        context = contextvars.copy_context()
        waiting = Thread(target=context.run, args=(run, "waiting", heard))
        waiting.start()
        while not heard:
            time.sleep(0.05)
    waiting.join(10)
    assert not waiting.is_alive()
    assert heard[-1] == {"told": "to end"}
    with pytest.raises(MlopsEnvError, match="told to end"):
        context.run(run, "well", heard)
