"""A flow's report reaches its caller, also when the server's answer to its last state is lost."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from prefect import flow, get_client, task
from prefect.client.base import PrefectHttpxSyncClient
from prefect.client.schemas.objects import State
from prefect.exceptions import MissingResult
from prefect.flow_engine import run_flow
from prefect.settings import PREFECT_RESULTS_PERSIST_BY_DEFAULT, temporary_settings
from prefect.states import AwaitingRetry

from flows.outcome import completed, report_of
from flows.steps import run_step
from tasks.policy import RETRIED


@flow
def step() -> State[str]:
    return completed("report of the step", "1 change")


@flow
def whole() -> State[str]:
    return completed(f"whole with the {run_step(step)}", "1 change")


@flow
def failing() -> State[str]:
    raise ValueError("no report")


looks: list[str] = []


@task(**RETRIED)
def look() -> str:
    looks.append("task")
    return "seen"


@flow
def child() -> State[str]:
    looks.append("child")
    look()
    return completed("seen", "1 change")


@flow
def parent() -> None:
    look()
    run_step(child)
    raise ValueError("no")


@pytest.fixture
def losing(prefect_server: None, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Lose the first answer to each run's last state, as a server does that answers too late; return the runs."""
    lost: list[str] = []
    send = PrefectHttpxSyncClient.send

    def send_and_lose(self: Any, request: httpx.Request, *args: Any, **kwargs: Any) -> httpx.Response:
        response = send(self, request, *args, **kwargs)
        path = request.url.path
        if path.endswith("/set_state") and b'"COMPLETED"' in request.content and path not in lost:
            lost.append(path)
            return send(self, request, *args, **kwargs)  # what Prefect's client does after a timeout
        return response

    monkeypatch.setattr(PrefectHttpxSyncClient, "send", send_and_lose)
    return lost


def test_a_report_arrives_when_the_answer_to_the_last_state_is_lost(losing: list[str]) -> None:
    assert report_of(whole) == "whole with the report of the step"
    assert len(losing) == 2


def test_prefect_alone_would_lose_it(losing: list[str]) -> None:
    with pytest.raises(MissingResult):
        whole()


def test_a_failure_stays_the_failure(prefect_server: None) -> None:
    with pytest.raises(ValueError, match="no report"):
        report_of(failing)


def test_a_retry_looks_anew_also_where_results_are_kept(prefect_server: None) -> None:
    with get_client(sync_client=True) as client, temporary_settings({PREFECT_RESULTS_PERSIST_BY_DEFAULT: True}):
        run = client.create_flow_run(parent)
        for _ in range(2):
            with pytest.raises(ValueError, match="no"):
                run_flow(parent, flow_run=client.read_flow_run(run.id))
            client.set_flow_run_state(run.id, AwaitingRetry(), force=True)
    assert looks == ["task", "child", "task"] * 2
