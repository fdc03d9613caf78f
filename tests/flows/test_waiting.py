"""Which of a server's runs a name means, and what is said where none can be answered."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.states import Paused, Running

from environment.errors import ApprovalError, MlopsEnvError
from flows import waiting

ONE, OTHER = UUID(int=1), UUID(int=2)


def run(state: Any, id_: UUID = ONE) -> FlowRun:
    return FlowRun(id=id_, flow_id=UUID(int=9), name="create-prod", state=state)


def paused(hours: int, key: str = "approval-1") -> Any:
    return Paused(pause_expiration_time=datetime.now(UTC) + timedelta(hours=hours), pause_key=key)


@pytest.fixture
def find(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Look for "create-prod" on a server that has these runs of the name."""

    def look(*runs: FlowRun) -> FlowRun:
        monkeypatch.setattr(waiting, "_client", lambda: nullcontext(None))
        monkeypatch.setattr(waiting, "_read", lambda client, name: list(runs))
        return waiting.find_waiting("create-prod")

    return look


def test_the_one_that_waits_is_found_among_others(find) -> None:
    found = find(run(Running(), OTHER), run(paused(5)), run(paused(-5), OTHER), run(paused(5, "2"), OTHER))
    assert found.id == ONE


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ((), "there is no run create-prod on "),
        ((run(Running()),), "create-prod is not waiting for approval: it is Running; wait until it asks"),
        ((run(paused(5, "somebody's own")),), "create-prod is not waiting for approval: it is Paused"),
        ((run(paused(-5)),), "approval expired: create-prod has waited too long; run it again"),
        ((run(paused(5)), run(paused(5), OTHER)), f"2 runs of the name create-prod are waiting; .*{ONE}, {OTHER}"),
    ],
)
def test_otherwise_it_is_one_line(find, runs: tuple[FlowRun, ...], expected: str) -> None:
    with pytest.raises(ApprovalError, match=expected):
        find(*runs)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (401, r"refused: 401 Unauthorized; check PREFECT_API_KEY or PREFECT_API_AUTH_STRING$"),
        (500, r"refused: 500 Internal Server Error$"),
        (None, r"does not answer: no route; check PREFECT_API_URL$"),
    ],
)
def test_server_that_refuses_is_told_from_one_that_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, error: int | None, expected: str
) -> None:
    monkeypatch.setattr(waiting, "get_client", lambda **_: nullcontext(None))
    request = httpx.Request("GET", "http://server")
    raised: httpx.HTTPError = httpx.ConnectError("no route", request=request)
    if error:
        raised = httpx.HTTPStatusError("no", request=request, response=httpx.Response(error, request=request))
    with pytest.raises(MlopsEnvError, match=expected), waiting._client():
        raise raised
