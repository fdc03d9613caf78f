"""Asking a person on a terminal whether a plan may be carried out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from cli.plan import print_plan
from cli.prefect_server import has_api

if TYPE_CHECKING:
    from environment.approval import Answer
    from environment.reports import PlanReport
    from environment.spec import Environment
    from flows.approval import Ask


def how_to_ask(spec: Environment, *, is_given: bool, always: bool = False) -> Ask | None:
    """Return how to ask, None where nobody is asked here: by --yes, or since Prefect's server is where it is answered.

    Raises:
        ApprovalError: When there is nobody to ask; said before anything is started.
    """
    if is_given or not (spec.approval.required or always):
        return None
    if sys.stdin.isatty() and sys.stderr.isatty():
        return ask_on_terminal
    if not has_api():
        from environment.approval import nobody_to_ask

        raise nobody_to_ask(spec.name)
    return None


def ask_on_terminal(plan: PlanReport) -> Answer:
    """Show the plan and ask; a no may say why."""
    from environment.approval import Answer

    print_plan(plan, on_stderr=True)
    if typer.confirm(f"Change {plan.environment} in project {plan.project_id}?", err=True):
        return Answer(decision="approve")
    return Answer(decision="reject", reason="answered with no")
