"""Which of a server's runs a name means, and what is said where none can be answered."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import OrchestrationResult, SetStateStatus, StateAbortDetails
from prefect.exceptions import PrefectHTTPStatusError
from prefect.states import Cancelled, Paused, Running

from environment.approval import Answer
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


class Server:
    """A server that refuses an answer, or takes it; the run is in this state then, and the looks end so."""

    def __init__(self, now: Any, status: SetStateStatus, looks: list[Exception | None]) -> None:
        self._now = now
        self._status = status
        self._looks = looks

    def resume_flow_run(self, run_id: UUID, run_input: Any) -> OrchestrationResult[Any]:
        why = StateAbortDetails(reason="Cannot resume a flow run that is not paused.")
        return OrchestrationResult(state=None, status=self._status, details=why)

    def read_flow_run(self, run_id: UUID) -> FlowRun:
        return run(self._now, run_id)

    def read_flow_run_input(self, run_id: UUID, key: str) -> str:
        look = self._looks.pop(0)
        if look is not None:
            raise look
        return "{}"


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Answer a run that waits, on a server of this kind."""
    monkeypatch.setattr(waiting, "LOOK_SECONDS", 0.01)

    def act(now: Any, status: SetStateStatus, looks: list[Exception | None], seconds: float = 15.0) -> None:
        monkeypatch.setattr(waiting, "TAKEN_SECONDS", seconds)
        monkeypatch.setattr(waiting, "get_client", lambda **_: nullcontext(Server(now, status, looks)))
        asked = paused(5)
        asked.state_details.run_input_keyset = {"response": "given"}
        waiting.answer(run(asked), Answer(decision="approve"))

    return act


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (Running(), "create-prod has been answered already, .*: it is Running; look .* before you run it again"),
        (paused(5, "approval-2"), "create-prod has been answered already, "),
        (Cancelled(), "create-prod no longer waits for approval: it is Cancelled; run it again"),
        (paused(5), "create-prod did not take the answer: Cannot resume a flow run that is not paused"),
    ],
)
def test_answer_that_is_refused_may_have_been_given_by_the_call_before(answered, now: Any, expected: str) -> None:
    with pytest.raises(ApprovalError, match=expected):
        answered(now, SetStateStatus.ABORT, [])


def status_error(code: int) -> PrefectHTTPStatusError:
    request = httpx.Request("GET", "http://server")
    return PrefectHTTPStatusError("no", request=request, response=httpx.Response(code, request=request))


def test_server_that_does_not_answer_meanwhile_is_asked_again(answered) -> None:
    looks: list[Exception | None] = [status_error(503), httpx.ReadError("cut"), None, status_error(404), None]
    answered(Running(), SetStateStatus.ACCEPT, looks)
    assert looks == [None]


def test_server_that_does_not_answer_to_the_end_is_no_run_that_is_gone(answered) -> None:
    with pytest.raises(MlopsEnvError, match="does not answer: cut"):
        answered(Running(), SetStateStatus.ACCEPT, [httpx.ReadError("cut")], seconds=0)
    with pytest.raises(ApprovalError, match="refused: 401 "):
        answered(Running(), SetStateStatus.ACCEPT, [status_error(401)])
