"""How runs are called: by what they do, the environment they do it to, and when (UTC)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path


def run_name(verb: str) -> Callable[[], str]:
    """Return what names a run "create-dev-2026-01-31-1200": a spec given by its path goes by the file's name."""

    def name() -> str:
        from prefect.runtime import flow_run

        environment = Path(str(flow_run.parameters.get("environment", ""))).stem
        return f"{verb}-{environment}-{datetime.now(UTC):%Y-%m-%d-%H%M}"

    return name
