"""`mlops-env create`: run create_environment here, in this process, and say what it did."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal

from cli.approval import how_to_ask
from cli.clouds import load_spec, reach_cloud
from cli.fleet import is_fleet, run_fleet
from cli.options import ALL, ALLOW_REPLACE, CLOUD, ENVIRONMENTS, FORCE, PARALLELISM, SET, START_AT, YES
from cli.prefect_server import TemporaryServer
from cli.report import err, out
from cli.runs import run_flow
from environment.errors import SpecError

if TYPE_CHECKING:
    from environment.reports import CreateReport


def create(
    environments: list[str] = ENVIRONMENTS,
    all_: bool = ALL,
    set_: list[str] = SET,
    cloud: str = CLOUD,
    yes: bool = YES,
    force_conflicts: bool = FORCE,
    allow_replace: list[str] = ALLOW_REPLACE,
    start_at: Literal["enable-services", "provision-infra", "deploy-kfp"] = START_AT,
    parallelism: int = PARALLELISM,
) -> None:
    """Make the environment, or several, or bring them to what their specs say."""
    if is_fleet(environments, all_):
        if allow_replace:
            raise SpecError("--allow-replace is for one environment", "run create for that one by itself")
        many: dict[str, Any] = {"approved": yes, "force_conflicts": force_conflicts, "start_at": start_at}
        run_fleet("create", environments, set_, cloud, parallelism=parallelism, **many)
    began = time.monotonic()
    (environment,) = environments
    spec, overrides = load_spec(environment, set_, cloud)
    ask = how_to_ask(spec, is_given=yes)
    server = TemporaryServer()
    reach_cloud(spec)
    err.print(f"Creating {spec.name} in project {spec.project_id} ({spec.cloud})")
    switches: dict[str, Any] = {"approved": yes, "force_conflicts": force_conflicts, "allow_replace": allow_replace}
    switches["start_at"] = start_at
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
