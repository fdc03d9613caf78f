"""Step 3: install Kubeflow Pipelines on the cluster."""

from __future__ import annotations

from prefect import flow
from prefect.artifacts import create_table_artifact
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run

from clients.kubernetes.connection import ClusterAccess
from environment.approval import Approved
from environment.changes import PIPELINES, Change
from environment.databases import KeptDatabases
from environment.pipelines import Rendered
from environment.pipelines_ui import without_address
from environment.record import PipelinesRecord
from environment.reports import PipelinesReport, describe_changes
from environment.spec import Environment
from flows.approval import permitted
from flows.history import recorded
from flows.installation import rendered_installation
from flows.names import run_name
from flows.outcome import completed
from tasks.existing import check_existing
from tasks.manifests import quoted
from tasks.pipelines import (
    apply_objects,
    apply_prerequisites,
    apply_secrets,
    check_health,
    check_kept_databases,
    check_namespace,
    keep_databases,
    prune_objects,
    read_ui_address,
    remove_account_keys,
    wait_for_rollout,
)
from tasks.spec import load_spec


@flow(name="deploy-kfp", flow_run_name=run_name("deploy-kfp"))
def deploy_kfp(
    environment: str,
    overrides: tuple[str, ...] = (),
    approved: bool = False,
    force_conflicts: bool = False,
    allow_replace: tuple[str, ...] = (),
) -> State[PipelinesReport]:
    """Bring Kubeflow Pipelines to what the spec says, on the cluster that Terraform's outputs name.

    Args:
        environment: A name in deployments/, a path of a spec, or block:NAME on the Prefect server.
        overrides: Fields of the spec for this run, such as cluster.max_nodes=8.
        approved: Do not ask, where the spec requires approval: a person has approved whatever the plan turns out to be.
        force_conflicts: Take over fields that others have set or added since (by kubectl edit), instead of stopping.
        allow_replace: "Deployment NAMESPACE/NAME" of those that may be made anew where they cannot change in place;
            "Namespace NAME" of an installation in another namespace, which goes first; "Database INSTANCE/NAME" and
            "Bucket NAME" of what is left behind.
    """
    spec = load_spec(environment, overrides)
    if spec.existing and flow_run.get_parent_flow_run_id() is None:
        check_existing(spec)
    with (
        permitted(
            spec,
            environment,
            overrides,
            approved=approved,
            layers=(PIPELINES,),
            allow_replace=allow_replace,
            force_conflicts=force_conflicts,
        ) as permission,
        recorded(spec, "deploy-kfp", permission.consent),
        rendered_installation(spec) as found,
    ):
        due = check_kept_databases(spec, found.outputs.database.instance, allow_replace)
        moved = check_namespace(spec, found.access, allow_replace, permission.approved)
        report, changes = _install(
            spec, found.access, found.rendered, force_conflicts, allow_replace, moved, due, permission.approved
        )
    create_table_artifact(
        key=f"objects-{spec.name}",
        table=[
            {"action": one.action, "object": one.address, "fields": ", ".join(field.path for field in one.fields)}
            for one in changes
        ],
        description="Kubernetes objects that changed" if changes else "No Kubernetes object changed",
    )
    return completed(report, describe_changes(report.change_count))


def _install(
    spec: Environment,
    access: ClusterAccess,
    rendered: Rendered,
    force: bool,
    recreate: tuple[str, ...],
    moved: tuple[Change, ...],
    due: KeptDatabases | None,
    approved: Approved,
) -> tuple[PipelinesReport, tuple[Change, ...]]:
    manifests = quoted(rendered)

    changes = moved + apply_prerequisites(spec, access, manifests, force, approved)
    secret_changes, secret_versions = apply_secrets(spec, access, force, approved)
    changes += secret_changes
    if due:
        keep_databases(spec, due)
    changes += apply_objects(spec, access, manifests, secret_versions, force, recreate, approved)
    changes += prune_objects(spec, access, manifests, approved)

    wait_for_rollout(spec, access)
    changes += remove_account_keys(spec, access, approved)
    report = PipelinesReport(
        record=_record(spec, rendered, read_ui_address(spec, access)),
        object_count=len(rendered.manifests) + len(secret_versions),
        changes=tuple(str(change) for change in changes),
        healthy=check_health(spec, access),
    )
    if report.record.url is None:
        report = report.model_copy(update={"warnings": (without_address(spec.pipelines.namespace),)})
    return report, changes


def _record(spec: Environment, rendered: Rendered, url: str | None) -> PipelinesRecord:
    return PipelinesRecord(
        version=spec.pipelines.version,
        namespace=spec.pipelines.namespace,
        source=rendered.source,
        commit=rendered.commit,
        digest=rendered.digest,
        url=url,
    )
