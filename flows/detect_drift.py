"""What others have changed, and what no create has done yet, over all three layers; it cannot change anything."""

from __future__ import annotations

from datetime import UTC, datetime

from prefect import flow
from prefect.artifacts import create_table_artifact
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture
from prefect.states import Completed

from environment.changes import LAYERS, Change
from environment.drift import (
    Drift,
    DriftReport,
    describe_drift,
    drift_digest,
    ordered_drift,
    service_drift,
)
from environment.drift_notes import DriftNotes
from environment.drift_texts import drift_description, drift_table
from environment.errors import MlopsEnvError
from environment.ignored_drift import SHIPPED, without_ignored
from environment.infrastructure import Infrastructure
from environment.infrastructure_drift import infrastructure_drift
from environment.object_drift import object_drift
from environment.pipeline_parameters import planned_parameters
from environment.pipelines import Rendered
from environment.services import READ_BY_TERRAFORM, missing_services
from environment.spec import Environment
from environment.state_folder import StateFolder
from flows.exclusion import is_server_temporary
from flows.names import run_name
from flows.outcome import completed
from flows.plan import OBJECTS_NEED, ROOT_USER_NEEDS, STORAGE
from flows.scheduled import reason_to_skip
from tasks.drift import (
    Editors,
    keep_drift,
    look_at_artifact_keys,
    look_at_objects,
    look_at_root_user,
    read_authors,
    read_drift_notes,
)
from tasks.manifests import fetch_manifests, quoted, render_manifests
from tasks.plan import plan_infrastructure, prepare_plans, read_state_folder
from tasks.services import list_enabled_services
from tasks.spec import load_spec

SECRET_MANAGER = frozenset({"secretmanager.googleapis.com"})
Found = tuple[Drift, ...]


@flow(name="detect-drift", flow_run_name=run_name("drift"))
def detect_drift(environment: str, overrides: tuple[str, ...] = ()) -> State[DriftReport]:
    """Say what is not as the spec and the last create left it, and change nothing: no lock is taken.

    All layers are looked at at the same time. What Google itself writes is left out, and so is what the spec's rules
    cover. The report is kept as `drift.json` beside the state; an event is sent only when the set of drift changes. A
    scheduled run that comes too late, or while another changes the environment, is skipped.

    Args:
        environment: A name in deployments/, a path of a spec, or block:NAME on the Prefect server.
        overrides: Fields of the spec for this run, such as cluster.max_nodes=8.
    """
    spec = load_spec(environment, overrides)
    if reason := reason_to_skip(spec.name):
        return Completed(name="Skipped", message=reason[0].upper() + reason[1:])
    report, last = find_drift(spec)
    keeping = keep_drift.submit(spec, report, last, is_heard=not is_server_temporary())
    create_table_artifact(
        key=f"drift-{spec.name}", table=drift_table(report.found), description=drift_description(report)
    )
    keeping.result()
    return completed(report, describe_drift(report.found), "Drifted" if report.found else "In sync")


def find_drift(spec: Environment) -> tuple[DriftReport, DriftNotes | None]:
    """Look at all three layers at the same time and classify what differs; for use within a flow.

    Returns:
        What was found, and what the last look has kept.
    """
    listing = list_enabled_services.submit(spec)
    preparing = prepare_plans.submit(spec)  # while Google answers
    kept = read_state_folder.submit(spec).result()
    outputs = _outputs(spec, kept)
    enabled = listing.result()
    off = frozenset(missing_services(spec.services, enabled))
    services, warnings = service_drift(spec.services, enabled, kept.record.services if kept.record else None)

    refresh, is_ready = not off & READ_BY_TERRAFORM, preparing.result()
    infrastructure = plan_infrastructure.submit(spec, kept, refresh=refresh, is_ready=is_ready)
    mirror = fetch_manifests(spec.pipelines.version)
    rendered = render_manifests(planned_parameters(spec, outputs, kept.suffix), mirror)
    looking = None if off & OBJECTS_NEED else look_at_objects.submit(spec, outputs, quoted(rendered))
    user = None if off & ROOT_USER_NEEDS else look_at_root_user.submit(spec, outputs.database.instance)
    keys = None if off & SECRET_MANAGER else look_at_artifact_keys.submit(spec)
    last = read_drift_notes.submit(spec)

    planned = infrastructure.result()
    authors = read_authors.submit(spec, planned.places) if planned.places else None
    secrets = (*(user.result() if user else ()), *(keys.result() if keys else ()))
    objects = _classify_objects(kept, rendered, looking, secrets)
    changed = infrastructure_drift(planned, authors.result() if authors else None)
    found = (*services, *changed, *secrets, *(objects or ()))
    hidden = _what_is_hidden(off, has_cluster=objects is not None)
    now = datetime.now(UTC)
    by_people, _ = without_ignored(found, SHIPPED, now.date())
    left, ignored = without_ignored(by_people, spec.drift.ignore, now.date())
    report = DriftReport(
        environment=spec.name,
        project_id=spec.project_id,
        checked_at=now.isoformat(timespec="seconds"),
        found=ordered_drift(left),
        ignored=ordered_drift(ignored),
        warnings=(*warnings, *hidden),
        unseen=tuple(layer for layer in LAYERS if any(line.startswith(layer) for line in hidden)),
        digest=drift_digest(left),
    )
    return report, last.result()


def _outputs(spec: Environment, kept: StateFolder) -> Infrastructure:
    """Return what the last create left to compare with.

    Raises:
        MlopsEnvError: When there is none: then it cannot be told what is drift.
    """
    if not kept.is_readable:
        raise MlopsEnvError(f"{STORAGE} is off, so no state can be read", "enable it, or run create")
    if kept.infrastructure is None:
        raise MlopsEnvError(f"{spec.name} has no state to compare with", f"run `mlops-env create {spec.name}` first")
    return kept.infrastructure


def _what_is_hidden(off: frozenset[str], *, has_cluster: bool) -> tuple[str, ...]:
    """Say what cannot be looked at, and why; each line begins with its layer."""
    hidden = {
        "infrastructure: only what the spec asks for was compared": off & READ_BY_TERRAFORM,
        "infrastructure: the database's root user was not looked at": off & ROOT_USER_NEEDS,
        "pipelines: not compared": off & OBJECTS_NEED,
    }
    lines = tuple(f"{what}, since {', '.join(sorted(why))} is off" for what, why in hidden.items() if why)
    return lines if has_cluster else (*lines, "pipelines: not compared, since the cluster is gone")


def _classify_objects(
    kept: StateFolder,
    rendered: Rendered,
    looking: PrefectFuture[tuple[tuple[Change, ...], Editors] | None] | None,
    secrets: Found,
) -> Found | None:
    """Return the drift of the objects, None where there is no cluster to look at."""
    if looking is None:
        return ()
    seen = looking.result()
    if seen is None:
        return None
    changes, editors = seen
    is_same = kept.record is not None and kept.record.pipelines.digest == rendered.digest
    return object_drift(changes, editors, same_manifests=is_same, secrets_drifted=bool(secrets))
