"""Child flows: a run of their parent's, whose failure is the parent's."""

from __future__ import annotations

from typing import Any

from prefect import Flow

from environment.errors import MlopsEnvError
from flows.outcome import report_of


def run_step(step: Flow[..., Any], *arguments: Any) -> Any:
    """Run a child flow and return its report; its failure is the parent's, with the step's name before its words."""
    try:
        # Its result is not kept: a parent that is retried would be given it instead of a new look.
        return report_of(step.with_options(persist_result=False), *arguments)
    except MlopsEnvError as error:
        error.message = f"{step.name}: {error.message}"
        raise
