"""Import into Terraform's state what bears the environment's names and is missing there."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from environment.adoption import AdoptionReport, check_only_kept
from environment.approval import Approved, check_approved
from environment.changes import ordered
from environment.reports import PlanBasis, PlanReport
from environment.spec import Environment
from environment.terraform_plan import bucket_change
from flows.approval import permitted
from flows.guard import refuse_names_of_others
from flows.history import recorded
from flows.names import run_name
from flows.outcome import completed
from tasks.adoption import find_adoptable, find_suffix, importing, keep_suffix, plan_adoption
from tasks.history import current_journal
from tasks.infrastructure import (
    alone_with_terraform,
    ensure_database_suffix,
    ensure_state_bucket,
    terraform_apply,
    terraform_init,
    terraform_plan,
)
from tasks.plan import read_state_folder
from tasks.spec import load_spec


@flow(name="adopt-environment", flow_run_name=run_name("adopt"))
def adopt_environment(
    environment: str, overrides: tuple[str, ...] = (), approved: bool = False
) -> State[AdoptionReport]:
    """Import what is there under the environment's names and missing in the state, as after the state was lost.

    The plan holds imports, updates in place that bring what is imported to the spec, and what is still missing; one
    that deletes or replaces anything is refused. A person is asked each time. Then create goes on as ever.

    Args:
        environment: A name in deployments/, a path of a spec, or block:NAME on the Prefect server.
        overrides: Fields of the spec for this run, such as cluster.max_nodes=8.
        approved: Do not ask: a person has approved the adoption.
    """
    spec = load_spec(environment, overrides)
    with (
        permitted(spec, environment, overrides, approved=approved, planned_by=_plan, always=True) as permission,
        recorded(spec, "adopt", permission.consent) as journal,
        alone_with_terraform(spec),
    ):
        adopted = _adopt(spec, permission.approved)
    report = AdoptionReport(environment=spec.name, project_id=spec.project_id, adopted=adopted, changes=journal.changes)
    return completed(report, f"{len(adopted)} adopted" if adopted else "Nothing to adopt")


def _adopt(spec: Environment, approved: Approved) -> tuple[str, ...]:
    refuse_names_of_others(spec)
    kept = find_suffix(spec, read_state_folder(spec))
    found = find_adoptable(spec, kept)
    if not found:
        return ()
    plan_adoption(spec, kept, found)  # refuses before the bucket is made
    if not kept.has_bucket:
        check_approved((bucket_change(spec.state.bucket),), approved)
    ensure_state_bucket(spec)
    keep_suffix(spec, kept)
    terraform_init(spec, ensure_database_suffix(spec))
    with importing(spec, found):
        planned = terraform_plan(spec)
        check_only_kept(planned)
        check_approved(planned, approved)
        terraform_apply(spec, planned, (), approved)
    adopted = tuple(one.address for one in found)
    current_journal().note(*(f"import {address}" for address in adopted))
    return adopted


def _plan(spec: Environment) -> PlanReport:
    """Return what a person is asked about; nothing, where there is nothing to adopt."""
    refuse_names_of_others(spec)
    kept = find_suffix(spec, read_state_folder(spec))
    found = find_adoptable(spec, kept)
    changes = plan_adoption(spec, kept, found).changes if found else ()
    bucket = (bucket_change(spec.state.bucket),) if changes and not kept.has_bucket else ()
    return PlanReport(
        environment=spec.name,
        project_id=spec.project_id,
        changes=ordered([*bucket, *changes]),
        basis=PlanBasis(
            spec_digest=spec.digest,
            state_serial=kept.state.serial if kept.state else None,
            state_lineage=kept.state.lineage if kept.state else None,
            manifests_digest=None,
        ),
    )
