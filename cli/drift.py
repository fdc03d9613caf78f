"""`mlops-env drift`: what others have changed, and what is pending; exit 0 none, 2 drift, 1 could not tell.

With --remediate, create's own steps put back the layers that have drifted; the exit code is of what is left then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from cli.approval import how_to_ask
from cli.clouds import load_spec, reach_cloud
from cli.fleet import is_fleet, run_fleet
from cli.options import ALL, CLOUD, ENVIRONMENTS, JSON, PARALLELISM, SET, YES
from cli.prefect_server import TemporaryServer
from cli.report import err, out, print_json
from cli.runs import run_flow

if TYPE_CHECKING:
    from environment.drift import DriftReport, RemediationReport
    from environment.spec import Environment

EXIT_DRIFT = 2
REMEDIATE: Any = typer.Option(False, "--remediate", help="Put back what others have changed; refused in prod.")


def drift(
    environments: list[str] = ENVIRONMENTS,
    all_: bool = ALL,
    set_: list[str] = SET,
    cloud: str = CLOUD,
    as_json: bool = JSON,
    remediate: bool = REMEDIATE,
    yes: bool = YES,
    parallelism: int = PARALLELISM,
) -> None:
    """Say what others have changed and what is pending, and change nothing; exit code 2 means that there is drift."""
    if is_fleet(environments, all_):
        many: dict[str, Any] = {"parallelism": parallelism, "as_json": as_json}
        if remediate:
            run_fleet("remediate", environments, set_, cloud, print_remediation, approved=yes, **many)
        run_fleet("drift", environments, set_, cloud, print_drift, **many)
    (environment,) = environments
    spec, overrides = load_spec(environment, set_, cloud)
    if remediate:
        _remediate(spec, environment, overrides, yes=yes, as_json=as_json)
        return
    server = TemporaryServer()
    reach_cloud(spec)
    report: DriftReport = run_flow("detect_drift", environment, overrides, server)
    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        print_drift(report)
    raise typer.Exit(EXIT_DRIFT if report.found else 0)


def _remediate(spec: Environment, environment: str, overrides: list[str], *, yes: bool, as_json: bool) -> None:
    """Put back what others have changed; what was found, and what was done."""
    from environment.drift import remediation_refusal

    if refusal := remediation_refusal(spec.role):
        raise refusal
    ask = how_to_ask(spec, is_given=yes)
    server = TemporaryServer()
    reach_cloud(spec)
    report: RemediationReport = run_flow("remediate_drift", environment, overrides, server, ask=ask, approved=yes)
    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        print_remediation(report)
    raise typer.Exit(EXIT_DRIFT if report.left.found else 0)


def print_remediation(report: RemediationReport) -> None:
    """Print what was found, what was put back, and what is left."""
    print_drift(report.found)
    for line in report.changes:
        out.print(f"  put back: {line}", markup=False, highlight=False, soft_wrap=True)
    if report.changes:
        print_drift(report.left)


def print_drift(report: DriftReport) -> None:
    """Print the report line by line, warnings on stderr."""
    from environment.drift_texts import drift_lines

    for warning in report.warnings:
        err.print(f"  {warning}", style="yellow", markup=False)
    for line in drift_lines(report):
        out.print(line, markup=False, highlight=False, soft_wrap=True)
