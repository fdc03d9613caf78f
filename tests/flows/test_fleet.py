"""Many environments in one run: each in a process of its own, and the failure of one stops no other."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml

from environment.errors import FleetError
from environment.fleet import FleetReport

pytestmark = pytest.mark.told_all

SPEC = """\
name: {name}
cloud: sandbox
role: dev
project_id: acme-fleet-{name}
region: us-central1
zone: us-central1-a
name_prefix: {name}
state: {{bucket: acme-fleet-{name}-tfstate}}
"""
KILLED = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"


@pytest.fixture
def specs(prefect_server: None, tmp_path: Path) -> str:
    """A folder with two specs; a third one is a block."""
    from tasks.environment_block import MlopsEnvironment

    folder = tmp_path / "specs"
    folder.mkdir()
    for name in ("one", "three"):
        (folder / f"{name}.yaml").write_text(SPEC.format(name=name))
    MlopsEnvironment(spec=yaml.safe_load(SPEC.format(name="two"))).save("two", overwrite=True)
    return f"{folder}/"


@pytest.fixture
def said() -> Iterator[list[tuple[str, str]]]:
    """What the environments say, each with its name."""
    heard: list[tuple[str, str]] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append((record.__dict__["environment"], record.getMessage()))

    ear = Ear()
    logging.getLogger("fleet").addHandler(ear)
    yield heard
    logging.getLogger("fleet").removeHandler(ear)


def test_one_that_fails_stops_no_other(cloud, specs, said) -> None:
    """One plan: creates would say no more of the fleet and cost far more."""
    from flows.fleet import fleet

    for name, status in (("one", 403), ("two", 404)):
        path = f"projects/acme-fleet-{name}/services"
        cloud.control("POST", "faults", {"method": "GET", "path": path, "status": status, "times": 99})
    try:
        state = fleet([f"{specs}one.yaml", f"{specs}three.yaml", "block:two"], parallelism=2, return_state=True)
    finally:
        cloud.control("DELETE", "faults")
    assert state.is_failed()
    with pytest.raises(FleetError) as failed:
        state.result()
    report: Any = failed.value.report
    assert isinstance(report, FleetReport)
    one, three, two = report.members
    assert (one.outcome, three.outcome, two.outcome) == ("failed", "changes", "failed")
    assert three.changes == len(three.report.changes) > 100
    assert "bucket acme-fleet-three-tfstate" in {change.address for change in three.report.changes}
    assert one.cause.startswith("could not list the enabled services: ")
    assert one.cause != two.cause
    assert f"2 of 3 failed: one: {one.cause}; two: {two.cause}" in state.message
    assert {name for name, message in said if message.startswith("Rendered")} == {"three"}
    assert runs_below(state.state_details.flow_run_id) == {
        "plan-one": "FAILED",
        "plan-three": "COMPLETED",
        "plan-two": "FAILED",
    }


def runs_below(fleet_run: UUID) -> dict[str, str]:
    """Return the runs that Prefect shows below the fleet's: names without their time, and how they ended."""
    from prefect import get_client
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterParentFlowRunId

    below = FlowRunFilter(parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=[fleet_run]))
    with get_client(sync_client=True) as client:
        found = client.read_flow_runs(flow_run_filter=below)
    return {one.name.rsplit("-", 4)[0]: str(one.state_type and one.state_type.value) for one in found}


def test_a_process_that_is_killed_is_told(cloud, specs, tmp_path, monkeypatch) -> None:
    from flows import fleet

    (tmp_path / "killed.py").write_text(KILLED)
    monkeypatch.setattr(fleet, "MEMBER", "killed")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    with pytest.raises(FleetError, match="one: its process ended by SIGKILL before it was done; run it again"):
        fleet.fleet([f"{specs}one.yaml"])
