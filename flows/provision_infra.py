"""Step 2: make the infrastructure with Terraform."""

from __future__ import annotations

from prefect import flow, get_run_logger
from prefect.artifacts import create_table_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed

from environment.reports import InfrastructureReport, describe_changes
from environment.spec import Environment
from environment.terraform_plan import bucket_change
from flows.exclusion import exclusive
from flows.names import run_name
from tasks.infrastructure import (
    ensure_database_root_user,
    ensure_database_suffix,
    ensure_state_bucket,
    read_infrastructure,
    terraform_apply,
    terraform_init,
    terraform_plan,
)
from tasks.spec import load_spec


@flow(name="provision-infra", flow_run_name=run_name("provision-infra"))
def provision_infra(
    environment: str, overrides: list[str] | None = None, approved: bool = False
) -> State[InfrastructureReport]:
    """Bring the infrastructure to what the spec says.

    Args:
        environment: A name in `deployments/`, or a path of a spec.
        overrides: "KEY=VALUE" with dotted spec fields.
        approved: Whether a person has approved the change, where the spec requires it.
    """
    spec = load_spec(environment, overrides, approved=approved)
    for caution in spec.cautions:
        get_run_logger().warning(caution)
    with exclusive(spec.name):
        report = _provision(spec)
    create_table_artifact(
        key=f"infrastructure-{spec.name}",
        table=[dict(zip(("action", "address"), line.split(" ", 1), strict=True)) for line in report.changes],
        description="What Terraform changed",
    )
    return Completed(message=describe_changes(report.change_count), data=report)


def _provision(spec: Environment) -> InfrastructureReport:
    made = [bucket_change(spec.state.bucket)] if ensure_state_bucket(spec) else []
    suffix = ensure_database_suffix(spec)
    terraform_init(spec, suffix)
    planned = terraform_plan(spec)
    if planned:
        terraform_apply(spec, planned)
    outputs = read_infrastructure(spec)
    user = ensure_database_root_user(spec, outputs)
    changes = (*made, *planned, *(() if user.is_noop else (user,)))
    return InfrastructureReport(outputs=outputs, changes=tuple(map(str, changes)))
