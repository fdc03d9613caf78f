"""`mlops-env adopt`: import into Terraform's state what is there and missing in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.approval import how_to_ask
from cli.clouds import load_spec, reach_cloud
from cli.options import CLOUD, ENVIRONMENT, SET, YES
from cli.prefect_server import TemporaryServer
from cli.report import err, out
from cli.runs import run_flow

if TYPE_CHECKING:
    from environment.adoption import AdoptionReport


def adopt(environment: str = ENVIRONMENT, set_: list[str] = SET, cloud: str = CLOUD, yes: bool = YES) -> None:
    """Import what bears the environment's names and is missing in Terraform's state."""
    spec, overrides = load_spec(environment, set_, cloud)
    ask = how_to_ask(spec, is_given=yes, always=True)
    server = TemporaryServer()
    reach_cloud(spec)
    err.print(f"Adopting what is there of {spec.name} in project {spec.project_id} ({spec.cloud})")
    report: AdoptionReport = run_flow("adopt_environment", environment, overrides, server, ask=ask, approved=yes)
    what = f"{len(report.adopted)} adopted; `mlops-env plan {environment}` says what is left" if report.adopted else ""
    out.print(f"\n{report.environment}: {what or 'nothing to adopt'}", style="bold green")
    for address in report.adopted:
        out.print(f"  {address}", markup=False)
