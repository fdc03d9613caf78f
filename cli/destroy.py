"""`mlops-env destroy`: take an environment away, once its name was typed."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import typer

from cli.clouds import load_spec, reach_cloud
from cli.options import CLOUD, ENVIRONMENT, SET
from cli.prefect_server import TemporaryServer
from cli.report import err, out
from cli.runs import run_flow
from environment.errors import ApprovalError, SpecError

if TYPE_CHECKING:
    from environment.destruction import DestroyReport
    from environment.spec import Environment

NAME: Any = typer.Option(None, "--yes", metavar="NAME", help="The environment's name: do not ask for it.")
DELETE_DATA: Any = typer.Option(
    False, "--delete-data", help="Delete database, after a final backup, bucket and secrets as well."
)


def destroy(
    environment: str = ENVIRONMENT,
    yes: str | None = NAME,
    delete_data: bool = DELETE_DATA,
    set_: list[str] = SET,
    cloud: str = CLOUD,
) -> None:
    """Remove the environment; its data stays unless --delete-data is given."""
    began = time.monotonic()
    spec, overrides = load_spec(environment, set_, cloud)
    name = confirm_name(spec, yes, delete_data=delete_data)
    server = TemporaryServer()
    reach_cloud(spec)
    err.print(f"Destroying {spec.name} in project {spec.project_id} ({spec.cloud})")
    switches: dict[str, Any] = {"confirmed_name": name, "delete_data": delete_data}
    report: DestroyReport = run_flow("destroy_environment", environment, overrides, server, **switches)
    _summarise(report, time.monotonic() - began)


def confirm_name(spec: Environment, given: str | None, *, delete_data: bool) -> str:
    """Return the environment's name as a person gave it, with --yes or on a terminal.

    Raises:
        SpecError: When it is another name.
        ApprovalError: When nobody can be asked.
    """
    name = given
    if name is None:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise ApprovalError(f"nobody confirmed that {spec.name} is to go", f"give --yes {spec.name}")
        data = "its database, artifacts and secrets too" if delete_data else "all but its database and artifacts"
        err.print(f"This removes {spec.name} from project {spec.project_id}: {data}.")
        name = str(typer.prompt("Type the environment's name to go on", err=True))
    if name != spec.name:
        raise SpecError(f"'{name}' is not the name of the environment", f"to destroy it, give {spec.name}")
    return name


def _summarise(report: DestroyReport, seconds: float) -> None:
    for warning in report.warnings:
        err.print(f"  {warning}", style="yellow", markup=False)
    what = f"{report.change_count} removed in {seconds:.0f} s" if report.removed else "nothing to destroy"
    out.print(f"\n{report.environment}: {what}", style="bold green")
    out.print("  left       " + ("nothing but what is kept" if report.kept else "nothing"), markup=False)
    for one in report.kept:
        out.print(f"  kept       {one}", markup=False)
