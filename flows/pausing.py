"""Pause the outermost run, in this process, until a person has answered Prefect's form, or nobody did in time.

Prefect's own `pause_flow_run` looks for one thing only: that the run goes on. One that is cancelled meanwhile would
wait on, and whoever answers could not tell whether anybody is left to take the answer. So the waiting is ours; state,
form and answer are Prefect's own, so that its UI shows the form. The answer is deleted when it was taken: that is how
`flows/waiting.py` knows.

A cancelled run is to end as cancelled, and whatever exception a flow raises makes it failed: but for Prefect's `Abort`,
which says that the server has the run's last state already.

Source: prefect.flow_runs.pause_flow_run, prefect.input, prefect.flow_engine (3.8)
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar, cast
from uuid import UUID

import httpx
from prefect import get_client, get_run_logger
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import State
from prefect.exceptions import Abort, ObjectNotFound
from prefect.input import RunInput
from prefect.input.actions import read_flow_run_input
from prefect.input.run_input import keyset_from_base_key, keyset_from_paused_state
from prefect.states import Cancelled, Paused, Running

from environment.errors import ApprovalError

POLL_SECONDS = 2.0
SERVER_ERROR = 500

Form = TypeVar("Form", bound=RunInput)
Found = TypeVar("Found")


class RunCancelled(Abort):
    """The run was cancelled while it waited; `error` says so to whoever started it."""

    def __init__(self, error: ApprovalError, state: State[Any] | None) -> None:
        self.error = error
        self.state = state
        super().__init__(str(error))


def pause(form: type[RunInput], key: str, until: float, run_id: UUID) -> None:
    """Let a run wait for its form to be filled in; the form is there before anybody can see that the run waits.

    Args:
        form: What is asked.
        key: The pause's own: a second try of a run must not be given the answer to the first.
        until: When it expires, in seconds since the epoch.
        run_id: The run.
    """
    paused: State[Any] = Paused(pause_expiration_time=datetime.fromtimestamp(until, UTC), pause_key=key)
    keyset = keyset_from_paused_state(paused)
    paused.state_details.run_input_keyset = {str(part): name for part, name in keyset.items()}
    form.save(keyset, flow_run_id=run_id)
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(run_id, paused)  # refused where it was cancelled just now: the next look sees that


def wait_for_answer(form: type[Form], key: str, until: float, run_id: UUID) -> Form | None:
    """Wait until the form of a paused run is filled in, and take the answer; None where that did not come in time.

    Raises:
        RunCancelled: When the run was cancelled meanwhile; it has ended as that.
        ApprovalError: When it was ended, or told to go on, by something else than an answer.
    """
    with get_client(sync_client=True) as client:
        while True:
            is_late = time.time() >= until
            found = _patiently(lambda: _read_state(client, run_id))
            if found is not None and not _waits(found, key):
                return _after_pause(client, form, found, key, run_id)
            if is_late:
                client.set_flow_run_state(run_id, Running(), force=True)  # or Prefect ends it in words of its own
                return None
            time.sleep(max(min(POLL_SECONDS, until - time.time()), 0))


def _after_pause(client: SyncPrefectClient, form: type[Form], state: State[Any], key: str, run_id: UUID) -> Form:
    if state.is_cancelling() or state.is_cancelled():
        raise _cancelled(client, state, run_id)
    response = keyset_from_base_key(f"paused-{key}")["response"]
    if (given := cast("dict[str, Any] | None", read_flow_run_input(response, flow_run_id=run_id))) is None:
        raise ApprovalError(
            f"the run was set to {state.name} without an answer while it waited for approval",
            "nothing was changed; run it again, and answer by `mlops-env approve` or in Prefect's form",
        )
    answer = form(**given)
    try:
        client.delete_flow_run_input(run_id, response)
    except ObjectNotFound:
        pass  # by the same call, whose answer was lost
    except httpx.HTTPError as error:
        get_run_logger().warning("Prefect's server was not told that the answer was taken: %s", error)
    return answer


def _cancelled(client: SyncPrefectClient, state: State[Any], run_id: UUID) -> RunCancelled:
    error = ApprovalError(
        "the run was cancelled while it waited for approval", "nothing was changed; run it again to be asked anew"
    )
    if not state.is_cancelled():
        state = Cancelled(
            message=f"Cancelled while it waited for approval{f': {state.message}' if state.message else ''}"
        )
        client.set_flow_run_state(run_id, state, force=True)
    get_run_logger().warning("Cancelled while waiting for approval: nothing was changed")
    return RunCancelled(error, state)


def _waits(state: State[Any], key: str) -> bool:
    return state.is_paused() and state.state_details.pause_key == key


def _read_state(client: SyncPrefectClient, run_id: UUID) -> State[Any] | None:
    try:
        return client.read_flow_run(run_id).state
    except ObjectNotFound:
        return Cancelled(message="the run was deleted")


def _patiently(look: Callable[[], Found]) -> Found | None:
    """Look, and be told nothing where the server does not answer just now: the wait goes on."""
    try:
        return look()
    except httpx.HTTPStatusError as error:
        if error.response.status_code < SERVER_ERROR:
            raise
    except httpx.TransportError:
        pass
    return None
