"""What create would change, over all three layers, before anything does."""

from __future__ import annotations

from collections.abc import Collection

from prefect import flow
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture

from clients.manifest_mirrors import Mirror
from environment.capacity import capacity_of
from environment.changes import (
    INFRASTRUCTURE,
    LAYERS,
    PIPELINES,
    SERVICES,
    UNKNOWN,
    Change,
    Layer,
    describe_plan,
    ordered,
)
from environment.databases import check_databases
from environment.errors import ServiceDisabledError, UnreachableError
from environment.existing import stops_plan
from environment.findings import refuse
from environment.names import UNKNOWN_SUFFIX
from environment.pipeline_parameters import planned_parameters
from environment.pipelines import Rendered
from environment.plan_texts import plan_markdown, plan_table
from environment.reports import PlanBasis, PlanReport
from environment.services import READ_BY_TERRAFORM, missing_services, service_changes
from environment.spec import Environment
from environment.state_folder import StateFolder, without_suffix
from environment.terraform_plan import CLUSTER, DATABASE, InfrastructurePlan, bucket_change, root_user_change
from flows.names import run_name
from flows.outcome import completed
from tasks.existing import look_at_existing
from tasks.infrastructure import read_infrastructure
from tasks.manifests import fetch_manifests, quoted, render_manifests
from tasks.pipelines import find_databases
from tasks.plan import plan_infrastructure, plan_new_objects, plan_objects, plan_root_user, read_state_folder
from tasks.services import list_enabled_services
from tasks.spec import load_spec

STORAGE = "storage.googleapis.com"
ROOT_USER_NEEDS = frozenset({"sqladmin.googleapis.com", "secretmanager.googleapis.com"})
OBJECTS_NEED = frozenset({"container.googleapis.com", "secretmanager.googleapis.com"})


@flow(name="plan", flow_run_name=run_name("plan"))
def plan(environment: str, overrides: tuple[str, ...] = ()) -> State[PlanReport]:
    """Say what create would change, and change nothing: no lock is taken, no file of a create is touched.

    All layers are looked at at the same time. What is exact: services; Terraform's own plan; objects on a cluster that
    stays. What is not: on a cluster that is yet to be made all objects are new, and so are those of a namespace or a
    kind that is not there yet; the end of a new database's name is drawn by the first create, until then the rendered
    manifests carry a stand-in; where an API is off, the warnings say what could not be looked at.

    Args:
        environment: A name in deployments/, a path of a spec, or block:NAME on the Prefect server.
        overrides: Fields of the spec for this run, such as cluster.max_nodes=8.
    """
    spec = load_spec(environment, overrides)
    report = make_plan(spec)
    description = "What create would change" if report.changes else "Create would change nothing"
    create_table_artifact(key=f"plan-table-{spec.name}", table=plan_table(report.changes), description=description)
    create_markdown_artifact(key=f"plan-{spec.name}", markdown=plan_markdown(report), description=description)
    return completed(report, describe_plan(report.changes))


def make_plan(
    spec: Environment,
    layers: Collection[Layer] = LAYERS,
    allow_replace: tuple[str, ...] = (),
    force_conflicts: bool = False,
) -> PlanReport:
    """Look at all layers, or at some, at the same time and put the changes together; for use within a flow.

    An installation in another namespace stops it, unless `allow_replace` has "Namespace NAME", and so do databases that
    would be left behind, unless it has those. With `force_conflicts`, what others have added to objects is taken out.
    """
    mirror = fetch_manifests.submit(spec.pipelines.version) if PIPELINES in layers else None
    looking = look_at_existing.submit(spec) if spec.existing else None
    listing = list_enabled_services.submit(spec)
    kept = read_state_folder.submit(spec).result()
    enabled = listing.result()
    if PIPELINES in layers:
        instance = spec.database_name(kept.suffix or UNKNOWN_SUFFIX)
        check_databases(spec, find_databases(spec, kept), instance, allow_replace)
    services, warnings = service_changes(spec.services, enabled, kept.record.services if kept.record else None)
    off = frozenset(missing_services(spec.services, enabled))
    warnings += _what_is_hidden(kept, off, layers)

    findings = looking.result() if looking else ()
    refuse(tuple(filter(stops_plan, findings)))  # Terraform would say so too, of one thing and without a remedy
    found = list(services) if SERVICES in layers else []
    terraform, user = None, None
    if INFRASTRUCTURE in layers:
        terraform = plan_infrastructure.submit(spec, kept, refresh=not off & READ_BY_TERRAFORM)
        user = _submit_root_user(spec, kept, off)
    elif PIPELINES in layers:
        read_infrastructure(spec)  # says what to do where there is none
    rendered, planned = None, None
    if mirror:
        rendered, objects, planned, hidden = _pipelines(
            spec, kept, off, mirror, terraform, allow_replace, force_conflicts
        )
        found += objects
        warnings += hidden
    if terraform:
        planned = planned or _settle(spec, kept, off, terraform)
        found += [*planned.changes, *_beside_terraform(spec, kept, planned, user)]
    return PlanReport(
        environment=spec.name,
        project_id=spec.project_id,
        changes=ordered(found),
        warnings=(*warnings, *(f"create stops here: {one}" for one in findings)),
        findings=findings,
        capacity=capacity_of(spec) if INFRASTRUCTURE in layers else None,
        basis=PlanBasis(
            spec_digest=spec.digest,
            state_serial=kept.state.serial if kept.state else None,
            state_lineage=kept.state.lineage if kept.state else None,
            manifests_digest=rendered.digest if rendered else None,
        ),
    )


def _what_is_hidden(kept: StateFolder, off: frozenset[str], layers: Collection[Layer]) -> tuple[str, ...]:
    """Say what cannot be looked at while APIs are off."""
    if not kept.is_readable:
        if STORAGE not in off:
            raise ServiceDisabledError(f"{STORAGE} is on but does not answer yet", "try again in a minute")
        return (f"{STORAGE} is off, so no state can be read: planned as if there were none",)
    if kept.infrastructure is None:
        return ()
    hidden = {
        "infrastructure: compared with the state as it was left": off & READ_BY_TERRAFORM,
        "infrastructure: the database's root user was not looked at": off & ROOT_USER_NEEDS,
        "pipelines: not compared": off & OBJECTS_NEED,
    }
    return tuple(
        f"{what}, since {', '.join(sorted(why))} is off"
        for what, why in hidden.items()
        if why and what.partition(":")[0] in layers
    )


def _submit_root_user(spec: Environment, kept: StateFolder, off: frozenset[str]) -> PrefectFuture[Change | None] | None:
    if kept.infrastructure is None or off & ROOT_USER_NEEDS:
        return None
    return plan_root_user.submit(spec, kept.infrastructure.database.instance)


def _settle(
    spec: Environment, kept: StateFolder, off: frozenset[str], terraform: PrefectFuture[InfrastructurePlan]
) -> InfrastructurePlan:
    """Wait for Terraform's plan; where it replaces the database, plan again as create does, with another name for it.

    That name is drawn by the create; here a stand-in takes its place.
    """
    planned = terraform.result()
    if not planned.renames_database or kept.suffix is None:
        return planned
    return plan_infrastructure(spec, without_suffix(kept), refresh=not off & READ_BY_TERRAFORM)


def _suffix(kept: StateFolder, planned: InfrastructurePlan) -> str | None:
    """Return the end of the database's name, None where the next create draws one."""
    return None if planned.renames_database else kept.suffix


def _beside_terraform(
    spec: Environment,
    kept: StateFolder,
    planned: InfrastructurePlan,
    user: PrefectFuture[Change | None] | None,
) -> tuple[Change, ...]:
    """Return what provision_infra does before and after Terraform: the bucket of the state, the root user."""
    bucket = () if kept.has_bucket else (bucket_change(spec.state.bucket),)
    if kept.infrastructure is None or planned.makes_anew(DATABASE):
        instance = spec.database_name(_suffix(kept, planned) or UNKNOWN)
        return (*bucket, root_user_change("create", instance, spec.database_user))
    change = user.result() if user else None
    return (*bucket, change) if change else bucket


def _pipelines(
    spec: Environment,
    kept: StateFolder,
    off: frozenset[str],
    mirror: PrefectFuture[Mirror],
    terraform: PrefectFuture[InfrastructurePlan] | None,
    allow_replace: tuple[str, ...],
    force_conflicts: bool,
) -> tuple[Rendered, tuple[Change, ...], InfrastructurePlan, tuple[str, ...]]:
    """Compare while Terraform plans, as if it were to change nothing; again, where it will change what we render.

    Returns:
        The objects as they are to be, their changes, Terraform's plan, and warnings.
    """
    before = planned_parameters(spec, kept.infrastructure, kept.suffix)
    rendered = render_manifests(before, mirror.result())
    comparing = _submit_objects(spec, kept, off, rendered, allow_replace, force_conflicts)

    planned = InfrastructurePlan(changes=(), infrastructure=kept.infrastructure)
    if terraform:
        planned = _settle(spec, kept, off, terraform)
    after = planned_parameters(spec, planned.infrastructure, _suffix(kept, planned))
    if after != before:
        rendered = render_manifests(after, mirror.result())
        comparing = _submit_objects(spec, kept, off, rendered, allow_replace, force_conflicts)
    if kept.infrastructure is not None and off & OBJECTS_NEED:
        return rendered, (), planned, ()
    try:
        found = comparing.result() if comparing and not planned.makes_anew(CLUSTER) else None
    except UnreachableError as error:
        if not planned.opens_endpoint:
            raise
        return rendered, (), planned, (f"pipelines: not compared before its endpoint is open: {error.message}",)
    if found is None:
        found = plan_new_objects(spec, quoted(rendered), may_have_keys=not off & OBJECTS_NEED)
    return rendered, found, planned, ()


def _submit_objects(
    spec: Environment,
    kept: StateFolder,
    off: frozenset[str],
    rendered: Rendered,
    allow_replace: tuple[str, ...],
    force_conflicts: bool,
) -> PrefectFuture[tuple[Change, ...] | None] | None:
    if kept.infrastructure is None or off & OBJECTS_NEED:
        return None
    return plan_objects.submit(spec, kept.infrastructure, quoted(rendered), allow_replace, force_conflicts)
