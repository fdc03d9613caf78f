"""How runs are called: by what they do and the environment they do it to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def run_name(verb: str) -> Callable[[], str]:
    """Return what names a run "VERB-ENVIRONMENT": a spec given by its path goes by the file's name."""

    def name() -> str:
        from prefect.runtime import flow_run

        return f"{verb}-{Path(str(flow_run.parameters.get('environment', ''))).stem}"

    return name
