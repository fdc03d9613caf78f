"""Runs that wait for approval on the Prefect server: find one, read the plan it waits with, answer it.

Source: https://docs.prefect.io/v3/api-ref/rest-api (flow_runs/filter, flow_runs/{id}/resume, artifacts/filter)
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

import httpx
from prefect import get_client
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId, FlowRunFilter, FlowRunFilterName
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import SetStateStatus
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.settings import get_current_settings

from environment.approval import Answer
from environment.errors import ApprovalError, UnreachableError
from flows.approval import PAUSE_KEY

NEWEST = 200
NOT_FOUND, SERVER_ERROR = 404, 500
MOMENT = r"(-\d{4}-\d\d-\d\d-\d{4})?"
"""How names of runs end; see flows/names.py."""
AGAIN = "run it again; each run asks anew"
TAKEN_SECONDS = 15.0
"""How long a run that waits may need to take its answer: it looks every two seconds."""
LOOK_SECONDS = 0.5


def find_waiting(run: str) -> FlowRun:
    """Return the run of this id, or the one of this name that waits; the moment at its end may be left out.

    Raises:
        ApprovalError: When there is no such run, it does not wait, or has waited too long; or when several wait.
    """
    with _client() as client:
        found = _read(client, run)
    if not found:
        raise ApprovalError(f"there is no run {run} on {_server()}", "the run that waits says how to answer it")
    waiting = [one for one in found if _waits(one)]
    if not waiting:
        state = found[0].state
        hint = AGAIN if state and state.is_final() else "wait until it asks"
        raise ApprovalError(f"{found[0].name} is not waiting for approval: it is {state and state.name}", hint)
    in_time = [one for one in waiting if not _has_expired(one)]
    if not in_time:
        raise ApprovalError(f"approval expired: {waiting[0].name} has waited too long", AGAIN)
    if len(in_time) > 1:
        ids = ", ".join(str(one.id) for one in in_time)
        raise ApprovalError(f"{len(in_time)} runs of the name {run} are waiting", f"give the id of one: {ids}")
    return in_time[0]


def read_plan(run: FlowRun) -> str:
    """Return the plan that a run waits with, as Markdown; empty where it is no longer kept."""
    of_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run.id]))
    with _client() as client:
        found = [one for one in client.read_artifacts(artifact_filter=of_run) if str(one.key).startswith(PAUSE_KEY)]
    return str(max(found, key=lambda one: one.created or datetime.min.replace(tzinfo=UTC)).data) if found else ""


def answer(run: FlowRun, given: Answer) -> None:
    """Give the answer, and see that the run takes it.

    Raises:
        ApprovalError: When the run no longer waits for one, or nobody is there who takes it.
    """
    with _client() as client:
        response = client.resume_flow_run(run.id, run_input=given.model_dump())
    if response.status != SetStateStatus.ACCEPT:
        raise _not_accepted(run, getattr(response.details, "reason", None) or str(response.status))
    if not _is_taken(run):
        raise ApprovalError(
            f"{run.name} did not take the answer in {TAKEN_SECONDS:.0f} s: the run's process seems to be gone",
            "nothing was changed by this answer; look whether it is at work still, else cancel it in Prefect and run "
            "it again",
        )


def _not_accepted(run: FlowRun, why: str) -> ApprovalError:
    """Return why no answer is taken; the first of a call whose own answer was lost may have been."""
    with _client() as client:
        now = client.read_flow_run(run.id)
    if _pause_key(now) == _pause_key(run):
        return ApprovalError(f"{run.name} did not take the answer: {why}", AGAIN)
    state = now.state
    if state and (state.is_cancelled() or state.is_cancelling()):
        return ApprovalError(f"{run.name} no longer waits for approval: it is {state.name}", AGAIN)
    return ApprovalError(
        f"{run.name} has been answered already, by this call or by somebody else: it is {state and state.name}",
        "look in Prefect, or at the history, what came of it before you run it again",
    )


def _pause_key(run: FlowRun) -> str | None:
    return run.state.state_details.pause_key if run.state and run.state.is_paused() else None


def _is_taken(run: FlowRun) -> bool:
    """Look until the run has deleted its answer, which is how it says that it took it.

    A server that does not answer meanwhile is asked again until the time is up.
    """
    keyset = (run.state.state_details.run_input_keyset if run.state else None) or {}
    until = time.monotonic() + TAKEN_SECONDS
    with _client() as client:
        while True:
            is_late = time.monotonic() >= until
            try:
                client.read_flow_run_input(run.id, keyset["response"])
            except PrefectHTTPStatusError as error:
                if error.response.status_code == NOT_FOUND:
                    return True
                if is_late or error.response.status_code < SERVER_ERROR:
                    raise
            except httpx.TransportError:
                if is_late:
                    raise
            else:
                if is_late:
                    return False
            time.sleep(LOOK_SECONDS)


def _read(client: SyncPrefectClient, run: str) -> list[FlowRun]:
    try:
        return [client.read_flow_run(UUID(run))]
    except ObjectNotFound:
        return []
    except ValueError:
        named = FlowRunFilter(name=FlowRunFilterName(like_=run))
        newest = FlowRunSort.EXPECTED_START_TIME_DESC
        found = client.read_flow_runs(flow_run_filter=named, sort=newest, limit=NEWEST)
        return [one for one in found if re.fullmatch(re.escape(run) + MOMENT, one.name)]


def _waits(run: FlowRun) -> bool:
    return (_pause_key(run) or "").startswith(PAUSE_KEY)


def _has_expired(run: FlowRun) -> bool:
    until = run.state.state_details.pause_timeout if run.state else None
    return until is not None and until < datetime.now(UTC)


def _server() -> str:
    return str(get_current_settings().api.url)


@contextmanager
def _client() -> Iterator[SyncPrefectClient]:
    try:
        with get_client(sync_client=True) as client:
            yield client
    except httpx.HTTPStatusError as error:
        response = error.response
        raise ApprovalError(
            f"Prefect's server {_server()} refused: {response.status_code} {response.reason_phrase}".rstrip(),
            "check PREFECT_API_KEY or PREFECT_API_AUTH_STRING" if response.status_code in (401, 403) else "",
        ) from error
    except httpx.HTTPError as error:
        raise UnreachableError(
            f"Prefect's server {_server()} does not answer: {error}", "check PREFECT_API_URL"
        ) from error
