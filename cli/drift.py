"""`mlops-env drift`: what others have changed, and what is pending; exit 0 none, 2 drift, 1 could not tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from cli.clouds import load_spec, reach_cloud
from cli.options import CLOUD, ENVIRONMENT, JSON, SET
from cli.prefect_server import TemporaryServer
from cli.report import err, out, print_json
from cli.runs import run_flow

if TYPE_CHECKING:
    from environment.drift import DriftReport

EXIT_DRIFT = 2


def drift(environment: str = ENVIRONMENT, set_: list[str] = SET, cloud: str = CLOUD, as_json: bool = JSON) -> None:
    """Say what others have changed and what is pending, and change nothing; exit code 2 means that there is drift."""
    spec, overrides = load_spec(environment, set_, cloud)
    server = TemporaryServer()
    reach_cloud(spec)
    report: DriftReport = run_flow("detect_drift", environment, overrides, server)
    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        print_drift(report)
    raise typer.Exit(EXIT_DRIFT if report.found else 0)


def print_drift(report: DriftReport) -> None:
    """Print the report line by line, warnings on stderr."""
    from environment.drift_texts import drift_lines

    for warning in report.warnings:
        err.print(f"  {warning}", style="yellow", markup=False)
    for line in drift_lines(report):
        out.print(line, markup=False, highlight=False, soft_wrap=True)
