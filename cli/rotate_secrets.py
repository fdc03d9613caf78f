"""`mlops-env rotate-secrets`: new passwords and keys, and the workloads that read them restarted."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from cli.approval import how_to_ask
from cli.clouds import load_spec, reach_cloud
from cli.options import CLOUD, ENVIRONMENT, SET, YES
from cli.prefect_server import TemporaryServer
from cli.report import err, out
from cli.runs import run_flow

if TYPE_CHECKING:
    from environment.rotation import RotationReport


def rotate_secrets(environment: str = ENVIRONMENT, set_: list[str] = SET, cloud: str = CLOUD, yes: bool = YES) -> None:
    """Replace passwords and keys by new ones, and restart what reads them."""
    began = time.monotonic()
    spec, overrides = load_spec(environment, set_, cloud)
    ask = how_to_ask(spec, is_given=yes)
    server = TemporaryServer()
    reach_cloud(spec)
    err.print(f"Rotating the secrets of {spec.name} in project {spec.project_id} ({spec.cloud})")
    report: RotationReport = run_flow("rotate_secrets", environment, overrides, server, ask=ask, approved=yes)
    _summarise(report, time.monotonic() - began)


def _summarise(report: RotationReport, seconds: float) -> None:
    what = "finished a rotation that had begun before" if report.resumed else "secrets rotated"
    out.print(f"\n{report.environment}: {what} in {seconds:.0f} s", style="bold green")
    for change in report.changes:
        out.print(f"  {change}", markup=False)
