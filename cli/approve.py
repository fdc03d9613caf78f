"""`mlops-env approve`: answer a run that waits for approval on a Prefect server, and print what was answered."""

from __future__ import annotations

from typing import Any

import typer

from cli.prefect_server import has_api
from cli.report import out
from environment.errors import SpecError

RUN: Any = typer.Argument(help="The run's id or name; the date of a name may be left out.", metavar="RUN")
REJECT: Any = typer.Option(False, "--reject", help="Say no: the run fails.")
REASON: Any = typer.Option("", "--reason", metavar="TEXT", help="Why; kept in the history, or in the run's error.")


def approve(run: str = RUN, reject: bool = REJECT, reason: str = REASON) -> None:
    """Approve the plan of a run that waits, or reject it; prints the plan."""
    if not has_api():
        raise SpecError("no Prefect server is named", "set PREFECT_API_URL to the one where the run waits")
    from environment.approval import Answer
    from flows.waiting import answer, find_waiting, read_plan

    waiting = find_waiting(run)
    if plan := read_plan(waiting):
        out.print(plan, markup=False)
    given = Answer(decision="reject" if reject else "approve", reason=reason)
    answer(waiting, given)
    out.print(f"{'Rejected' if reject else 'Approved'}: {waiting.name} ({waiting.id})", style="bold", markup=False)
