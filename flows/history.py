"""Keep what a run did: whoever looks later finds who changed what, when, and how it ended.

The outermost run has the one entry; what its child flows change is in it.
"""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from time import sleep

from prefect import get_run_logger
from prefect.runtime import flow_run

from environment.approval import Consent
from environment.errors import MlopsEnvError, ServiceDisabledError, TransientError, TransientGoogleApiError
from environment.history import HistoryEntry, Outcome
from environment.spec import Environment
from tasks.history import Journal, complete_history, forget_entry, keep, opened, started_journal

OBJECT_SECONDS = 1.1
"""Cloud Storage takes one write a second of the same object: https://cloud.google.com/storage/quotas#objects"""


@contextmanager
def recorded(spec: Environment, action: str, approval: Consent | None = None) -> Iterator[Journal]:
    """Let the tasks of the body note what they change, and complete the run's entry when it ends.

    A run that changed nothing leaves no entry, however it ended; one that was interrupted while it was about to change
    something does, and so does one that got no clear answer then. A history that cannot be written never stands in the
    way of the error that the run ended with.
    """
    if (outer := opened()) is not None:
        yield outer
        return
    entry = _entry(spec, action, approval)
    with started_journal(spec, entry) as journal:
        try:
            yield journal
        except BaseException as error:
            _complete_failure(spec, entry, journal, _first_of(error))
            raise
        if journal.changes:
            complete_history(spec, _completed(entry, journal, None))
        elif journal.has_begun:
            _quietly_forget(spec, entry)


def _first_of(error: BaseException) -> BaseException:
    """Return the interruption that something failed after, as telling it to a server that is gone; else the error."""
    found: BaseException | None = error
    while isinstance(found, Exception | CancelledError):  # by which a time limit makes itself known
        found = found.__cause__ or found.__context__
    return found or error


def _complete_failure(spec: Environment, entry: HistoryEntry, journal: Journal, error: BaseException) -> None:
    if not journal.has_begun:
        return
    if not journal.changes and _is_refusal(error):
        _quietly_forget(spec, entry)
        return
    try:
        _keep(spec, _completed(entry, journal, error))
    except MlopsEnvError as why:
        get_run_logger().warning("The history does not say how this run ended: %s", why)


def _is_refusal(error: BaseException) -> bool:
    """Tell whether nothing was changed by what failed; of what got no answer, or too late a one, nobody knows."""
    return isinstance(error, MlopsEnvError) and not isinstance(error, TransientError)


def _keep(spec: Environment, entry: HistoryEntry) -> None:
    """Write it without a task, for which a run that was told to end has no time."""
    try:
        keep(spec, entry)
    except ServiceDisabledError:
        raise
    except TransientGoogleApiError:
        sleep(OBJECT_SECONDS)
        keep(spec, entry)


def _quietly_forget(spec: Environment, entry: HistoryEntry) -> None:
    try:
        forget_entry(spec, entry)
    except MlopsEnvError as why:
        get_run_logger().warning("The history has an entry of this run, which changed nothing: %s", why)


def _entry(spec: Environment, action: str, approval: Consent | None) -> HistoryEntry:
    return HistoryEntry(
        environment=spec.name,
        project_id=spec.project_id,
        action=action,
        run=str(flow_run.name or ""),
        run_id=str(flow_run.id or ""),
        who=None,
        began_at=_now(),
        finished_at=None,
        spec_digest=spec.digest,
        outcome="unfinished",
        approval=approval,
        versions={"mlops-env": version("mlops-env"), "pipelines": spec.pipelines.version},
    )


def _completed(entry: HistoryEntry, journal: Journal, error: BaseException | None) -> HistoryEntry:
    outcome: Outcome = "succeeded" if error is None else "failed" if isinstance(error, Exception) else "interrupted"
    why = "" if error is None else " ".join(str(error).split()) or type(error).__name__
    return entry.model_copy(
        update={"finished_at": _now(), "outcome": outcome, "changes": journal.changes, "error": why[:1000]}
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
