"""Several environments in one command: which, how they are run, and the table of what came of each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from cli.clouds import load_spec, reach_cloud
from cli.prefect_server import TemporaryServer
from cli.report import err, fail, out, print_json
from cli.runs import run_flow
from environment.errors import FleetError, SpecError

if TYPE_CHECKING:
    from environment.fleet import Action, FleetReport

WIDEST = 2000
VERBS = {"create": "Creating", "plan": "Planning", "drift": "Looking at", "remediate": "Remediating"}


def is_fleet(environments: list[str] | None, is_all: bool) -> bool:
    """Tell whether a command is for several environments; one that is named by itself is no fleet, a folder is.

    Raises:
        SpecError: When none is named, or some are and all are meant.
    """
    if is_all and environments:
        raise SpecError("--all stands for all specs in deployments/", "give either names or --all")
    if not is_all and not environments:
        raise SpecError("Missing argument 'ENV'", "give a name in deployments/, a spec's path, or --all")
    named = environments or ()
    return len(named) != 1 or ("/" in named[0] and Path(named[0]).is_dir())


def run_fleet(
    action: Action,
    environments: list[str] | None,
    set_: list[str],
    cloud: str | None,
    print_one: Callable[[Any], None] | None = None,
    *,
    as_json: bool = False,
    **switches: Any,
) -> NoReturn:
    """Do it to all, print what came of each, and leave with the worst exit code."""
    from environment.fleet import check_fleet
    from environment.spec_file import find_specs

    names = find_specs(environments or ())
    chosen = [load_spec(name, set_, cloud) for name in names]
    specs = [spec for spec, _ in chosen]
    check_fleet(specs)
    overrides = chosen[0][1]
    server = TemporaryServer()
    reach_cloud(specs[0])
    err.print(f"{VERBS[action]} {', '.join(spec.name for spec in specs)}")
    try:
        report: FleetReport = run_flow("fleet", names, overrides, server, action=action, **switches)
    except FleetError as error:
        report = error.report  # type: ignore[assignment]
    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        _print(report, print_one)
    if report.failed:
        fail(f"{len(report.failed)} of {len(report.members)} failed", report.exit_code)
    raise typer.Exit(report.exit_code)


def _print(report: FleetReport, print_one: Callable[[Any], None] | None) -> None:
    from rich.console import Console
    from rich.table import Table

    from environment.fleet import COLUMNS, fleet_table

    for member in report.members:
        if print_one and member.report:
            print_one(member.report)
    table = Table(box=None, pad_edge=False)
    for column in COLUMNS:
        justify: Any = "right" if column in ("changes", "seconds") else "left"
        table.add_column(column, justify=justify, overflow="fold", no_wrap=column != "cause")
    for row in fleet_table(report):
        table.add_row(*(f"{row[column]:.0f}" if column == "seconds" else str(row[column]) for column in COLUMNS))
    # Elsewhere than on a terminal a row is a line, however long its cause.
    Console(highlight=False, width=None if out.is_terminal else WIDEST).print(table)
