"""Take an environment away, from whatever state it is in; its data stays unless it is given up."""

from __future__ import annotations

from prefect import flow, get_run_logger
from prefect.artifacts import create_table_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed

from environment.destruction import (
    BUCKET,
    DATABASE,
    SECRET,
    DestroyReport,
    Found,
    ManagedState,
    first_targets,
    last_targets,
    split_kept,
)
from environment.errors import MlopsEnvError, SpecError
from environment.spec import Environment
from flows.exclusion import exclusive
from flows.history import recorded
from flows.names import run_name
from tasks.destroy import (
    clear_protection,
    cut_peering,
    delete_database,
    delete_secret,
    empty_bucket,
    find_cluster,
    forget_notes,
    prepare_terraform,
    read_managed_state,
    remove_pipelines,
    sweep_leftovers,
    take_inventory,
    terraform_destroy,
)
from tasks.pipelines import cluster_connections
from tasks.plan import read_state_folder
from tasks.spec import load_spec

NAMESPACE_SECONDS = 300.0


@flow(name="destroy-environment", flow_run_name=run_name("destroy"))
def destroy_environment(
    environment: str,
    overrides: tuple[str, ...] = (),
    confirmed_name: str = "",
    delete_data: bool = False,
    namespace_timeout_seconds: float = NAMESPACE_SECONDS,
) -> State[DestroyReport]:
    """Remove the environment. APIs stay enabled, the state's bucket stays, and so do artifacts and database.

    What stays is taken up again by the next create. What is gone, and what is left, is read back at the end.

    Args:
        environment: A name in `deployments/`, or a path of a spec.
        overrides: "KEY=VALUE" with dotted spec fields.
        confirmed_name: The environment's name, typed by a person who means it: this is the approval.
        delete_data: Give up the data too: the database, after a final backup, and the bucket with all versions.
        namespace_timeout_seconds: When to give up on a namespace that a finalizer holds.

    Raises:
        SpecError: When the typed name is not the environment's; nothing was called.
    """
    spec = load_spec(environment, overrides, approved=True)
    if confirmed_name != spec.name:
        raise SpecError(f"'{confirmed_name}' is not the name of the environment", f"to destroy it, type {spec.name}")
    with exclusive(spec.name), recorded(spec, "destroy") as changes:
        report = _destroy(spec, delete_data, namespace_timeout_seconds)
        changes += [f"delete {one}" for one in report.removed]
    create_table_artifact(
        key=f"destroyed-{spec.name}",
        table=[{"removed": one} for one in report.removed] + [{"kept": one} for one in report.kept],
        description="What destroy removed and what it kept",
    )
    count = report.change_count
    return Completed(message=f"{count} removed" if count else "Nothing to destroy", data=report)


def _destroy(spec: Environment, delete_data: bool, namespace_seconds: float) -> DestroyReport:
    managed = read_managed_state(spec)
    found, warnings = take_inventory(spec)
    kept, unwanted = split_kept(found, managed, delete_data=delete_data)
    removed: list[str] = []
    if unwanted or last_targets(managed, delete_data=delete_data):
        removed += _remove_pipelines(spec, namespace_seconds)
        if delete_data:
            _give_up_data(spec, found)
        removed += _remove_infrastructure(spec, managed, delete_data)
        _delete_secrets(spec, unwanted)
        found, warnings = take_inventory(spec)
        kept, left = split_kept(found, read_managed_state(spec), delete_data=delete_data)
        if left:
            raise MlopsEnvError(
                f"{len(left)} things are still there: {', '.join(map(str, left[:10]))}",
                "run destroy again; what Terraform's state does not know has to be deleted by hand",
            )
        removed += [str(one) for one in unwanted if one.kind in (DATABASE, SECRET)]  # beside Terraform
    # Terraform knows the database and nobody else does: its name is blocked for a week when it is gone.
    forget_notes(spec, with_suffix=not any(one.kind == DATABASE for one in kept))
    return DestroyReport(
        environment=spec.name,
        project_id=spec.project_id,
        removed=tuple(removed),
        kept=tuple(map(str, kept)),
        warnings=warnings,
    )


def _remove_pipelines(spec: Environment, seconds: float) -> tuple[str, ...]:
    access, why = find_cluster(spec, read_state_folder(spec))
    if access is None:
        if why:
            get_run_logger().warning(why)
        return ()
    with cluster_connections(access):
        return remove_pipelines(spec, access, seconds)


def _give_up_data(spec: Environment, found: tuple[Found, ...]) -> None:
    """Empty the bucket, and delete the database with a backup that outlives it, which Terraform would not take."""
    for one in found:
        if one.kind == DATABASE:
            delete_database(spec, one)
        elif one.kind == BUCKET:
            empty_bucket(spec, one)


def _remove_infrastructure(spec: Environment, managed: ManagedState, delete_data: bool) -> tuple[str, ...]:
    """Destroy the network last: until then leftovers of GKE and the peering hold it."""
    removed: tuple[str, ...] = ()
    if managed.addresses:
        prepare_terraform(spec, managed)
        if managed.is_cluster_protected:
            clear_protection(spec)
        if targets := first_targets(managed, delete_data=delete_data):
            removed += tuple(change.address for change in terraform_destroy(spec, targets))
    removed += sweep_leftovers(spec)
    managed = read_managed_state(spec)
    if delete_data or not any(one.startswith("module.database.") for one in managed.addresses):
        cut_peering(spec)
    if targets := last_targets(managed, delete_data=delete_data):
        removed += tuple(change.address for change in terraform_destroy(spec, targets))
    return removed


def _delete_secrets(spec: Environment, unwanted: tuple[Found, ...]) -> None:
    for one in unwanted:
        if one.kind == SECRET:
            delete_secret(spec, one)
