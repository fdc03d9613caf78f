"""What others have changed, and what no create has done yet, over all three layers; it cannot change anything."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

from prefect import flow
from prefect.artifacts import create_table_artifact
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture
from prefect.states import Completed
from prefect.utilities.annotations import quote

from clients.manifest_mirrors import Mirror
from environment.drift import (
    Drift,
    DriftReport,
    describe_drift,
    drift_digest,
    infrastructure_drift,
    object_drift,
    ordered_drift,
    service_drift,
)
from environment.drift_texts import drift_table
from environment.errors import MlopsEnvError
from environment.ignored_drift import SHIPPED, without_ignored
from environment.infrastructure import Infrastructure
from environment.objects import Manifest
from environment.pipeline_parameters import planned_parameters
from environment.services import READ_BY_TERRAFORM, missing_services
from environment.spec import Environment
from environment.state_folder import StateFolder
from flows.names import run_name
from flows.plan import OBJECTS_NEED, ROOT_USER_NEEDS
from tasks.drift import keep_drift, look_at_artifact_keys, look_at_objects, look_at_root_user
from tasks.manifests import fetch_manifests, render_manifests
from tasks.plan import plan_infrastructure, read_state_folder
from tasks.services import list_enabled_services
from tasks.spec import load_spec

SECRET_MANAGER = frozenset({"secretmanager.googleapis.com"})
Found = tuple[Drift, ...]


@flow(name="detect-drift", flow_run_name=run_name("drift"))
def detect_drift(environment: str, overrides: list[str] | None = None) -> State[DriftReport]:
    """Say what is not as the spec and the last create left it, and change nothing: no lock is taken.

    All layers are looked at at the same time. What Google itself writes is left out, and so is what the spec's rules
    cover. The report is kept as `drift.json` beside the state; an event is sent only when the set of drift changes.

    Args:
        environment: A name in `deployments/`, or a path of a spec.
        overrides: "KEY=VALUE" with dotted spec fields.
    """
    spec = load_spec(environment, overrides, approved=True)  # a look needs no approval
    report = find_drift(spec)
    create_table_artifact(
        key=f"drift-{spec.name}", table=drift_table(report.found), description="What is not as expected"
    )
    keep_drift(spec, report)
    name = "Drifted" if report.found else "In sync"
    return Completed(name=name, message=describe_drift(report.found), data=report)


def find_drift(spec: Environment) -> DriftReport:
    """Look at all three layers at the same time and classify what differs; for use within a flow."""
    mirror = fetch_manifests.submit(spec.pipelines.version)
    listing = list_enabled_services.submit(spec)
    kept = read_state_folder.submit(spec).result()
    outputs = _outputs(kept)
    enabled = listing.result()
    off = frozenset(missing_services(spec.services, enabled))
    services, warnings = service_drift(spec.services, enabled, kept.record.services if kept.record else None)

    infrastructure = plan_infrastructure.submit(spec, kept, refresh=not off & READ_BY_TERRAFORM)
    user = None if off & ROOT_USER_NEEDS else look_at_root_user.submit(spec, outputs.database.instance)
    keys = None if off & SECRET_MANAGER else look_at_artifact_keys.submit(spec)
    secrets = lambda: (*_result(user), *_result(keys))  # noqa: E731
    objects, unseen = ((), ()) if off & OBJECTS_NEED else _objects(spec, kept, outputs, mirror, secrets)
    found = (*services, *infrastructure_drift(infrastructure.result()), *secrets(), *objects)
    left, ignored = without_ignored(found, (*SHIPPED, *spec.drift.ignore), datetime.now(UTC).date())
    return DriftReport(
        environment=spec.name,
        project_id=spec.project_id,
        checked_at=datetime.now(UTC).isoformat(timespec="seconds"),
        found=ordered_drift(left),
        ignored=ordered_drift(ignored),
        warnings=(*warnings, *_hidden(off), *unseen),
        digest=drift_digest(left),
    )
