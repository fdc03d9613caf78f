"""Step 2: make the infrastructure with Terraform."""

from __future__ import annotations

from prefect import flow, get_run_logger
from prefect.artifacts import create_table_artifact
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run

from environment.approval import Approved, check_approved
from environment.changes import INFRASTRUCTURE
from environment.guard import is_of_type, name_before, still_protected
from environment.reports import InfrastructureReport, describe_changes
from environment.spec import Environment
from environment.terraform_plan import DATABASE, bucket_change
from flows.approval import permitted
from flows.guard import look_ahead, makes_something, refuse_names_of_others
from flows.history import recorded
from flows.names import run_name
from flows.outcome import completed
from tasks.destroy import clear_protection
from tasks.existing import check_existing
from tasks.guard import Changes, back_up_database, check_replacements
from tasks.infrastructure import (
    alone_with_terraform,
    ensure_database_root_user,
    ensure_database_suffix,
    ensure_state_bucket,
    find_database_suffix,
    has_state_bucket,
    read_infrastructure,
    renew_database_suffix,
    terraform_apply,
    terraform_init,
    terraform_plan,
)
from tasks.pipelines import check_kept_databases
from tasks.spec import load_spec


@flow(name="provision-infra", flow_run_name=run_name("provision-infra"))
def provision_infra(
    environment: str,
    overrides: tuple[str, ...] = (),
    approved: bool = False,
    allow_replace: tuple[str, ...] = (),
) -> State[InfrastructureReport]:
    """Bring the infrastructure to what the spec says.

    Args:
        environment: A name in deployments/, a path of a spec, or block:NAME on the Prefect server.
        overrides: Fields of the spec for this run, such as cluster.max_nodes=8.
        approved: Do not ask, where the spec requires approval: a person has approved whatever the plan turns out to be.
        allow_replace: Addresses of guarded resources that may be replaced or deleted.
    """
    spec = load_spec(environment, overrides)
    if spec.existing and flow_run.get_parent_flow_run_id() is None:
        check_existing(spec)
    for caution in spec.cautions:
        get_run_logger().warning(caution)
    with (
        permitted(
            spec, environment, overrides, approved=approved, layers=(INFRASTRUCTURE,), allow_replace=allow_replace
        ) as permission,
        recorded(spec, "provision-infra", permission.consent),
        alone_with_terraform(spec),
    ):
        report = _provision(spec, allow_replace, permission.approved)
    create_table_artifact(
        key=f"infrastructure-{spec.name}",
        table=[dict(zip(("action", "address"), line.split(" ", 1), strict=True)) for line in report.changes],
        description="What Terraform changed" if report.changes else "Terraform had nothing to change",
    )
    return completed(report, describe_changes(report.change_count))


def _provision(spec: Environment, allow_replace: tuple[str, ...], approved: Approved) -> InfrastructureReport:
    made = []
    if not has_state_bucket(spec):
        refuse_names_of_others(spec)
        made = [bucket_change(spec.state.bucket)] if ensure_state_bucket(spec) else []
    if (suffix := find_database_suffix(spec)) is None:
        refuse_names_of_others(spec)
        suffix = ensure_database_suffix(spec)
    planned, lost = _plan(spec, suffix, allow_replace, approved)
    if planned or spec.database.existing:  # which is given our user, whatever Terraform does
        check_kept_databases(spec, spec.database_name(suffix), allow_replace)
    if still_protected(planned, lost):
        clear_protection(spec)  # of a cluster that never was: the plan was made from the state before
        planned, lost = _plan(spec, suffix, allow_replace, approved)
    for database in (one for one in lost if is_of_type(one, DATABASE)):
        back_up_database(spec, name_before(database) or spec.names.database(suffix))
        if database.action == "replace":
            planned, _ = _plan(spec, renew_database_suffix(spec), allow_replace, approved)
    if planned:
        terraform_apply(spec, planned, allow_replace, approved)
    outputs = read_infrastructure(spec)
    user = ensure_database_root_user(spec, outputs, approved)
    changes = (*made, *planned, *(() if user.is_noop else (user,)))
    return InfrastructureReport(outputs=outputs, changes=tuple(map(str, changes)))


def _plan(
    spec: Environment, suffix: str, allow_replace: tuple[str, ...], approved: Approved
) -> tuple[Changes, Changes]:
    """Plan to a file, and go on only if all let it pass; return also what will be lost."""
    terraform_init(spec, suffix)
    planned = terraform_plan(spec)
    check_approved(planned, approved)
    if makes_something(planned):
        refuse_names_of_others(spec)
    lost = check_replacements(spec, planned, allow_replace)
    if planned:
        look_ahead(spec, planned)
    return planned, lost
