"""The look at everything else that could stop a create, before the first change: what `mlops-env doctor` shows."""

from __future__ import annotations

from prefect import get_run_logger, task
from prefect.artifacts import create_table_artifact

from clients.addresses import Addresses
from clients.preflight.look import ALL_CHECKS, EXISTING, look
from environment.doctor import DoctorReport
from environment.spec import Environment
from tasks.console import DETAIL, PASSING
from tasks.manifests import fetch_once
from tasks.policy import RETRIED

__all__ = ["ALL_CHECKS", "EXISTING", "preflight"]


@task(name="preflight", task_run_name="preflight of {environment.project_id}", **RETRIED)
def preflight(environment: Environment, checks: tuple[str, ...]) -> DoctorReport:
    """Look at tools, project, permissions, policies, quotas, names and images, all at the same time; change nothing."""
    get_run_logger().info("Preflight: %s", ", ".join(checks), extra=PASSING)
    report = look(environment, Addresses.of(environment), checks, fetch_once)
    stopping = [one for one in report.findings if one.stops_create]
    for note in (*report.notes, *(one for one in report.findings if not one.stops_create)):
        get_run_logger().info("%s", note, extra=DETAIL)
    if stopping:
        rows = [finding.model_dump() for finding in stopping]
        create_table_artifact(
            key=f"preflight-{environment.name}", table=rows, description="What stands in the way, and the fix of each"
        )
    return report
