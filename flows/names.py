"""How runs are called: by what they do, the environment they do it to, and when (UTC)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from environment.spec_file import BLOCK


def run_name(verb: str, of: str = "environment") -> Callable[[], str]:
    """Return what names a run "create-dev-2026-01-31-1200": a spec given by its path goes by the file's name.

    Args:
        verb: What the run does.
        of: The parameter that says to what.
    """

    def name() -> str:
        from prefect.runtime import flow_run

        what = Path(str(flow_run.parameters.get(of, "")).removeprefix(BLOCK)).stem
        return f"{verb}-{what}-{datetime.now(UTC):%Y-%m-%d-%H%M}"

    return name
