"""`mlops-env create`: run create_environment here, in this process, and say what it did."""

from __future__ import annotations

import logging
import os
import time
from typing import TYPE_CHECKING, Any

from cli.clouds import select_cloud
from cli.options import CLOUD, ENVIRONMENT, SET
from cli.report import PlainLines, err, out

if TYPE_CHECKING:
    from environment.reports import CreateReport


def create(environment: str = ENVIRONMENT, set_: list[str] = SET, cloud: str = CLOUD) -> None:
    """Make the environment, or bring it to what its spec says."""
    spec, overrides = select_cloud(environment, set_, cloud)
    began = time.monotonic()
    err.print(f"Creating {spec.name} in project {spec.project_id} ({spec.cloud})")
    report: CreateReport = run_flow("create_environment", environment, overrides)
    _summarise(report, time.monotonic() - began)


def run_flow(name: str, environment: str, overrides: list[str]) -> Any:
    """Run a flow of ours in this process; its messages become plain lines on stderr."""
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    from importlib import import_module

    flow = getattr(import_module(f"flows.{name}"), name)
    for logger in ("prefect.flow_runs", "prefect.task_runs"):
        logging.getLogger(logger).addHandler(PlainLines())
    return flow(environment, overrides)


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
