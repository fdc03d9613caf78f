"""Runs that a schedule began: one of those that were missed looks, and none while the environment is being changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect import flow, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.schedules import IntervalSchedule
from prefect.flow_engine import run_flow

from flows.exclusion import exclusive
from flows.scheduled import reason_to_skip

HOUR = timedelta(hours=1)


@flow(name="scheduled-look")
def look(environment: str) -> str:
    return reason_to_skip(environment)


@pytest.fixture
def missed(prefect_server: None) -> list[UUID]:
    """Six runs that the server has planned, an hour apart, and nobody has begun; the last was due ten minutes ago."""
    began = datetime.now(UTC).replace(microsecond=0) - 5 * HOUR - timedelta(minutes=10)
    schedule = DeploymentScheduleCreate(schedule=IntervalSchedule(interval=HOUR, anchor_date=began), slug="hourly")
    with get_client(sync_client=True) as client:
        flow_id = client.create_flow_from_name("scheduled-look")
        deployment = client.create_deployment(flow_id, f"hourly-{uuid4().hex[:8]}", schedules=[schedule])
        span = {"start_time": began.isoformat(), "end_time": (began + 5 * HOUR).isoformat(), "min_runs": 6}
        client.request("POST", "/deployments/{id}/schedule", path_params={"id": deployment}, json=span)
        runs = client.read_flow_runs()
        planned = {run.expected_start_time: run.id for run in runs if run.deployment_id == deployment}
    assert len(planned) == 6
    return [planned[when] for when in sorted(planned)]


def begin(run_id: UUID) -> Any:
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(run_id)
    return run_flow(look, flow_run=run, parameters={"environment": "scheduled"})


def test_of_six_missed_runs_the_newest_looks(missed: list[UUID]) -> None:
    oldest, *_, last_but_one, newest = missed
    assert " is due too" in begin(oldest)
    assert " is due too" in begin(last_but_one)
    assert begin(newest) == ""


def test_none_looks_while_another_run_changes_the_environment(missed: list[UUID]) -> None:
    with exclusive("scheduled"):
        assert begin(missed[-1]) == "another run is changing scheduled; the next one looks again"


def test_a_run_that_a_person_began_looks_at_once(prefect_server: None) -> None:
    with exclusive("scheduled"):
        assert look("scheduled") == ""
