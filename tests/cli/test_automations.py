"""What a Prefect server does by itself about our runs."""

from __future__ import annotations

from importlib import import_module

import pytest
import yaml
from prefect import Flow

from cli.automations import HEARTBEAT, LOST_AFTER, OURS, ending_of_lost_runs
from environment.paths import project_root

DEPLOYMENTS = yaml.safe_load((project_root() / "prefect.yaml").read_text())["deployments"]


def name_of(entrypoint: str) -> str:
    module, _, name = entrypoint.rpartition(".")
    flow: Flow = getattr(import_module(module), name)
    return flow.name


def test_a_lost_run_of_any_flow_that_is_deployed_is_ended() -> None:
    assert {name_of(one["entrypoint"]) for one in DEPLOYMENTS} - set(OURS) == set()


def test_a_run_is_lost_after_many_heartbeats() -> None:
    pools = [one["work_pool"]["job_variables"]["env"] for one in DEPLOYMENTS]
    (every,) = {float(variables["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"]) for variables in pools}
    assert LOST_AFTER.total_seconds() / every >= 5


@pytest.mark.parametrize("ending", ["Completed", "Skipped", "In sync", "Drifted", "Failed", "Cancelled", "Crashed"])
def test_a_run_that_has_ended_is_not_missed(ending: str) -> None:
    trigger = ending_of_lost_runs().trigger
    assert trigger.after == {HEARTBEAT}
    assert f"prefect.flow-run.{ending}" in trigger.expect


def test_only_runs_of_ours_are_ended_each_by_itself_and_none_that_has_ended() -> None:
    automation = ending_of_lost_runs()
    assert automation.trigger.for_each == {"prefect.resource.id"}
    related = automation.trigger.match_related.model_dump()
    assert related == {"prefect.resource.role": "flow", "prefect.resource.name": list(OURS)}
    assert [action.force for action in automation.actions] == [False]


def test_what_a_run_came_to_after_its_last_heartbeat_does_not_let_it_live_for_ever() -> None:
    expected = ending_of_lost_runs().trigger.expect
    assert not any(f"prefect.flow-run.{name}" in expected for name in ("Running", "Paused", "Cancelling", "*"))
