"""Keep what a run did: whoever looks later finds who changed what, when, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version

from prefect import get_run_logger
from prefect.runtime import flow_run

from environment.approval import Consent
from environment.errors import (
    ApprovalError,
    CredentialsError,
    GoogleApiError,
    MlopsEnvError,
    ReplacementRefusedError,
    SpecError,
    UnreachableError,
)
from environment.history import HistoryEntry, Outcome
from environment.spec import Environment
from tasks.history import append_history

CHANGED_NOTHING = (ApprovalError, CredentialsError, ReplacementRefusedError, SpecError, UnreachableError)


@contextmanager
def recorded(spec: Environment, action: str, approval: Consent | None = None) -> Iterator[list[str]]:
    """Append an entry when the body ends: of what it puts into the list, or of its failure.

    Nothing is appended where nothing was changed, or where the run was refused. A history that cannot be written never
    stands in the way of the error that the run ended with.
    """
    began_at, changes = _now(), list[str]()
    try:
        yield changes
    except BaseException as error:
        if changes or not isinstance(error, CHANGED_NOTHING):
            entry = _entry(spec, action, began_at, changes, error)
            _append_failure(spec, entry.model_copy(update={"approval": approval}))
        raise
    if changes:
        entry = _entry(spec, action, began_at, changes, None)
        append_history(spec, entry.model_copy(update={"approval": approval}))


def _append_failure(spec: Environment, entry: HistoryEntry) -> None:
    try:
        append_history.fn(spec, entry)  # a run that was told to end has no time for tasks
    except MlopsEnvError as error:
        if isinstance(error, GoogleApiError) and error.status == 404:
            return  # there is no bucket yet
        get_run_logger().warning("The history has no entry of this run: %s", error)


def _entry(
    spec: Environment, action: str, began_at: str, changes: list[str], error: BaseException | None
) -> HistoryEntry:
    outcome: Outcome = "succeeded" if error is None else "failed" if isinstance(error, Exception) else "interrupted"
    why = "" if error is None else " ".join(str(error).split()) or type(error).__name__
    return HistoryEntry(
        environment=spec.name,
        project_id=spec.project_id,
        action=action,
        run=str(flow_run.name or ""),
        run_id=str(flow_run.id or ""),
        who=None,
        began_at=began_at,
        finished_at=_now(),
        spec_digest=spec.digest,
        outcome=outcome,
        changes=tuple(changes),
        error=why[:1000],
        versions={"mlops-env": version("mlops-env"), "pipelines": spec.pipelines.version},
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
