"""`mlops-env create`: run create_environment here, in this process, and say what it did."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from cli.approval import how_to_ask
from cli.clouds import load_spec, reach_cloud
from cli.options import ALLOW_REPLACE, CLOUD, ENVIRONMENT, FORCE, SET, YES
from cli.prefect_server import TemporaryServer
from cli.report import err, out
from cli.runs import run_flow

if TYPE_CHECKING:
    from environment.reports import CreateReport


def create(
    environment: str = ENVIRONMENT,
    set_: list[str] = SET,
    cloud: str = CLOUD,
    yes: bool = YES,
    force_conflicts: bool = FORCE,
    allow_replace: list[str] = ALLOW_REPLACE,
) -> None:
    """Make the environment, or bring it to what its spec says."""
    began = time.monotonic()
    spec, overrides = load_spec(environment, set_, cloud)
    ask = how_to_ask(spec, is_given=yes)
    server = TemporaryServer()
    reach_cloud(spec)
    err.print(f"Creating {spec.name} in project {spec.project_id} ({spec.cloud})")
    switches = {"approved": yes, "force_conflicts": force_conflicts, "allow_replace": allow_replace}
    report: CreateReport = run_flow("create_environment", environment, overrides, server, ask=ask, **switches)
    _summarise(report, time.monotonic() - began)


def _summarise(report: CreateReport, seconds: float) -> None:
    from environment.reports import describe_changes

    outputs, pipelines = report.infrastructure.outputs, report.pipelines
    changed = describe_changes(report.change_count)
    out.print(f"\n{report.environment}: {changed[0].lower()}{changed[1:]} in {seconds:.0f} s", style="bold green")
    rows = {
        "services": f"{len(report.services.enabled)} enabled",
        "cluster": f"{outputs.cluster.name} ({outputs.cluster.location})",
        "database": outputs.database.connection_name,
        "artifacts": outputs.artifact_store.url,
        "pipelines": f"{pipelines.record.version}, {pipelines.object_count} objects, from {pipelines.record.source}",
        "health": "healthy" if pipelines.healthy else "not healthy",
        "UI": pipelines.record.url or "not there yet: see the port-forward line above",
    }
    for name, value in rows.items():
        out.print(f"  {name:<10} {value}", markup=False)
