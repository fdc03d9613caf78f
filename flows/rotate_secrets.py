"""Give the environment new passwords and keys, in an order that leaves a working system wherever it stops.

But for the gateway, which knows one pair of keys: where it has restarted and a client of its has not, or the other way
round, that client is refused until the rotation is finished.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prefect import flow
from prefect.artifacts import create_table_artifact
from prefect.client.schemas.objects import State

from environment.approval import Approved
from environment.errors import MlopsEnvError
from environment.pipeline_secrets import readers
from environment.reports import PlanBasis, PlanReport, describe_changes
from environment.rotation import BEGUN, ENDING, HALF_WAY, RotationReport
from environment.spec import Environment
from flows.approval import permitted
from flows.history import recorded
from flows.installation import Installation, rendered_installation
from flows.names import run_name
from flows.outcome import completed
from tasks.manifests import quoted
from tasks.pipelines import apply_objects, apply_secrets, wait_for_rollout
from tasks.plan import read_state_folder
from tasks.rotation import begin_rotation, plan_rotation, renew_secrets, retire_secrets
from tasks.spec import load_spec


@flow(name="rotate-secrets", flow_run_name=run_name("rotate-secrets"))
def rotate_secrets(environment: str, overrides: tuple[str, ...] = (), approved: bool = False) -> State[RotationReport]:
    """Replace the database's password and the gateway's keys by new ones, and restart what reads them.

    New values hold beside the old ones until every workload that reads them is ready with the new ones; then the old
    ones end. A run that was stopped is finished by the next one. Nothing but secrets changes: where a workload that
    reads them is not as the spec says, the run stops before anything.

    Args:
        environment: A name in deployments/, a path of a spec, or block:NAME on the Prefect server.
        overrides: Fields of the spec for this run, such as cluster.max_nodes=8.
        approved: Do not ask, where the spec requires approval: a person has approved the rotation.
    """
    spec = load_spec(environment, overrides)
    with (
        permitted(spec, environment, overrides, approved=approved, planned_by=_plan) as permission,
        rendered_installation(spec) as found,
    ):
        plan_rotation(spec, found.outputs, found.access, quoted(found.rendered))
        with recorded(spec, "rotate-secrets", permission.consent) as journal:
            resumed = _rotate(spec, found, permission.approved)
    report = RotationReport(environment=spec.name, project_id=spec.project_id, resumed=resumed, changes=journal.changes)
    create_table_artifact(
        key=f"rotated-{spec.name}",
        table=[{"change": one} for one in report.changes],
        description="What a rotation changed",
    )
    return completed(report, describe_changes(report.change_count))


def _rotate(spec: Environment, found: Installation, approved: Approved) -> bool:
    """Do so; say whether it was begun by an earlier run."""
    rotation, resumed = begin_rotation(spec, found.outputs, found.access)
    with _said(BEGUN):
        renew_secrets(spec, found.outputs, rotation, approved)

    with _said(HALF_WAY):
        _, versions = apply_secrets(spec, found.access, False, approved, rotation.replaced)
        noted = found.rendered.model_copy(update={"manifests": readers(found.rendered.manifests, versions)})
        apply_objects(spec, found.access, quoted(noted), versions, False, (), approved)
        wait_for_rollout(spec, found.access)

    with _said(ENDING):
        retire_secrets(spec, found.outputs, rotation, versions, approved)
    return resumed


@contextmanager
def _said(how_it_is_left: str) -> Iterator[None]:
    """Say of a failure how it leaves the rotation."""
    try:
        yield
    except MlopsEnvError as error:
        error.hint = "; ".join(filter(None, (error.hint, how_it_is_left)))
        raise


def _plan(spec: Environment) -> PlanReport:
    """Return what a person is asked about."""
    kept = read_state_folder(spec)
    with rendered_installation(spec) as found:
        changes = plan_rotation(spec, found.outputs, found.access, quoted(found.rendered))
    return PlanReport(
        environment=spec.name,
        project_id=spec.project_id,
        changes=changes,
        basis=PlanBasis(
            spec_digest=spec.digest,
            state_serial=kept.state.serial if kept.state else None,
            state_lineage=kept.state.lineage if kept.state else None,
            manifests_digest=found.rendered.digest,
        ),
    )
