"""`mlops-env plan`: what create would change, over all three layers; exit 0 nothing, 2 changes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from cli.clouds import load_spec, reach_cloud
from cli.fleet import is_fleet, run_fleet
from cli.options import ALL, CLOUD, ENVIRONMENTS, JSON, PARALLELISM, SET
from cli.prefect_server import TemporaryServer
from cli.report import err, print_json
from cli.runs import run_flow

if TYPE_CHECKING:
    from environment.reports import PlanReport

EXIT_CHANGES = 2
WIDEST = 2000  # the terminal may wrap a line, we do not cut it: addresses are there to be copied


def plan(
    environments: list[str] = ENVIRONMENTS,
    all_: bool = ALL,
    set_: list[str] = SET,
    cloud: str = CLOUD,
    as_json: bool = JSON,
    parallelism: int = PARALLELISM,
) -> None:
    """Say what create would change, and change nothing; exit code 2 means that there are changes."""
    if is_fleet(environments, all_):
        run_fleet("plan", environments, set_, cloud, print_plan, parallelism=parallelism, as_json=as_json)
    (environment,) = environments
    spec, overrides = load_spec(environment, set_, cloud)
    server = TemporaryServer()
    reach_cloud(spec)
    report: PlanReport = run_flow("plan", environment, overrides, server)
    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        print_plan(report)
    raise typer.Exit(EXIT_CHANGES if report.changes else 0)


def print_plan(report: PlanReport, *, on_stderr: bool = False) -> None:
    """Print the plan as a tree, warnings on stderr."""
    from cli.change_tree import change_tree
    from environment.changes import describe_plan

    for warning in report.warnings:
        err.print(f"  {warning}", style="yellow", markup=False)
    title = f"{report.environment} ({report.project_id}): {describe_plan(report.changes).lower()}"
    where = sys.stderr if on_stderr else None
    console = Console(highlight=False, width=WIDEST, file=where)
    console.print(change_tree(title, report.changes))
    if report.capacity:
        console.print(f"  in all: {report.capacity.describe()}", markup=False)
