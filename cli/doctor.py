"""`mlops-env doctor`: what stands in the way, before anything is made; exit 0 nothing, 1 something."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from cli.clouds import select_cloud
from cli.options import CLOUD, ENVIRONMENT, JSON, SET
from cli.report import err, out, print_json, progress

if TYPE_CHECKING:
    from environment.doctor import DoctorReport

EXIT_FINDINGS = 1


def doctor(environment: str = ENVIRONMENT, set_: list[str] = SET, cloud: str = CLOUD, as_json: bool = JSON) -> None:
    """Say what would stop a create, all at once and each with its fix; change nothing."""
    spec, _ = select_cloud(environment, set_, cloud)
    from clients.addresses import Addresses
    from clients.preflight.look import look

    with progress("Looking at tools, project, permissions, policies, quotas, names and images"):
        report = look(spec, Addresses.of(spec))
    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        _print(report)
    raise typer.Exit(EXIT_FINDINGS if report.findings else 0)


def _print(report: DoctorReport) -> None:
    from rich.table import Table

    tools = ", ".join(f"{name} {version}" for name, version in report.tools.items())
    count = len(report.findings)
    verdict = "1 finding" if count == 1 else f"{count} findings" if count else "nothing stands in the way"
    if report.later or report.unanswered:
        verdict += ", as far as it could be looked at"
    style = "bold red" if count else "bold green"
    out.print(f"{report.environment} ({report.project_id}): {verdict}", style=style, markup=False)
    rows = {"tools": tools, "we are": report.principal, "in all": report.capacity.describe()}
    for name, value in rows.items():
        out.print(f"  {name:<10} {value}", markup=False)
    if report.quotas:
        table = Table("quota", "where", "needed", "at most", "in use", "limit", box=None, padding=(0, 2))
        for row in report.quotas:
            cells = (row.metric, row.place, *map(str, (row.needed, row.at_most, row.in_use, row.limit)))
            table.add_row(*cells, style="red" if row.is_short else None)
        out.print(table)
    for finding in report.findings:
        out.print(f"  {finding.check}: {finding.subject}: {finding.problem}", style="red", markup=False)
        out.print(f"    fix: {finding.fix}", markup=False)
    for note in report.notes:
        err.print(f"  {note}", style="yellow", markup=False)
