"""What a run ends with: its state for Prefect, its report for whoever called the flow.

A state's data never leaves the process, only its name and message do. When the server's answer to the last state is
lost, Prefect asks again, is told that the run has ended already, and goes on with the server's state, which has no
data: the caller would get a MissingResult after all is done. So the report also goes to the caller by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Literal, TypeVar, get_args

from prefect.client.schemas.objects import State
from prefect.exceptions import MissingResult
from prefect.states import Completed

from flows.pausing import RunCancelled

Report = TypeVar("Report")

Success = Literal["Completed", "Skipped", "In sync", "Drifted"]
ENDINGS = (*get_args(Success), "Failed", "TimedOut", "Cancelled", "Crashed")
"""The names of the states that runs of ours end in: the server's events go by the name."""

_reports: ContextVar[list[Any] | None] = ContextVar("reports", default=None)


def completed(report: Report, message: str, name: Success = "Completed") -> State[Report]:
    """Return the state that a flow ends with, and leave the report for the flow's caller."""
    if (reports := _reports.get()) is not None:
        reports.append(report)
    return Completed(name=name, message=message, data=report)


def report_of(flow: Callable[..., Any], *arguments: Any, **switches: Any) -> Any:
    """Run a flow of ours and return its report, also when the server's answer to its last state is lost.

    Raises:
        ApprovalError: When the run was cancelled while it waited.
        Exception: What the flow has raised.
    """
    reports: list[Any] = []
    token = _reports.set(reports)
    try:
        return flow(*arguments, **switches)
    except RunCancelled as signal:
        raise signal.error from None
    except MissingResult:
        if not reports:
            raise
        return reports[-1]
    finally:
        _reports.reset(token)
