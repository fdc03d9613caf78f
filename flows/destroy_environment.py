"""Take an environment away, from whatever state it is in; its data stays unless it is given up."""

from __future__ import annotations

from prefect import flow, get_run_logger
from prefect.artifacts import create_table_artifact
from prefect.client.schemas.objects import State

from environment.destruction import (
    BUCKET,
    CLUSTER,
    DATABASE,
    NETWORK,
    SECRET,
    STRAYS_FIRST,
    STRAYS_LAST,
    DestroyReport,
    Found,
    ManagedState,
    check_owners,
    check_state_fits,
    destroy_table,
    existing_things,
    first_targets,
    is_ours,
    kinds_to_keep,
    last_targets,
    may_remove,
    may_sweep,
    removal_command,
    split_kept,
    strays,
    takes_database,
)
from environment.errors import MlopsEnvError, SpecError
from environment.spec import Environment
from flows.exclusion import exclusive
from flows.history import recorded
from flows.names import run_name
from flows.outcome import completed
from tasks.destroy import (
    check_services,
    clear_protection,
    cut_peering,
    delete_database,
    delete_secret,
    empty_bucket,
    find_cluster,
    forget_database,
    forget_notes,
    leave_cluster,
    leave_database,
    prepare_terraform,
    read_managed_state,
    remove_pipelines,
    remove_strays,
    sweep_leftovers,
    take_inventory,
    terraform_destroy,
)
from tasks.infrastructure import alone_with_terraform
from tasks.pipelines import NAMESPACE_SECONDS, cluster_connections
from tasks.plan import read_state_folder
from tasks.spec import load_spec


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
        environment: A name in deployments/, a path of a spec, or block:NAME on the Prefect server.
        overrides: Fields of the spec for this run, such as cluster.max_nodes=8.
        confirmed_name: The environment's name, typed by a person who means it: this is the approval.
        delete_data: Give up the data too: the database, after a final backup, and the bucket with all versions.
        namespace_timeout_seconds: When to give up on a namespace that a finalizer holds.

    Raises:
        SpecError: When the typed name is not the environment's; nothing was called.
    """
    spec = load_spec(environment, overrides)
    if confirmed_name != spec.name:
        raise SpecError(f"'{confirmed_name}' is not the name of the environment", f"to destroy it, type {spec.name}")
    with exclusive(spec.name), recorded(spec, "destroy"):
        report = _destroy(spec, delete_data, namespace_timeout_seconds)
    create_table_artifact(
        key=f"destroyed-{spec.name}",
        table=destroy_table(report),
        description="What destroy removed and what it kept",
    )
    count = report.change_count
    return completed(report, f"{count} removed" if count else "Nothing to destroy")


def _destroy(spec: Environment, delete_data: bool, namespace_seconds: float) -> DestroyReport:
    removed: list[str] = []
    managed = read_managed_state(spec)
    check_state_fits(managed, spec)
    found, warnings = take_inventory(spec, managed)
    check_owners(found, spec)
    kept_kinds = kinds_to_keep(found, delete_data=delete_data)
    kept, unwanted = split_kept(found, kept_kinds)
    if unwanted or last_targets(managed, kept_kinds):
        check_services(spec, managed)
        if spec.cluster.existing:
            removed += leave_cluster(spec, namespace_seconds)
        elif is_ours(CLUSTER, found, managed):
            removed += _remove_pipelines(spec, namespace_seconds)
        removed += leave_database(spec)
        if delete_data:
            removed += _give_up_data(spec, managed, found)
        with alone_with_terraform(spec):
            _remove_infrastructure(spec, managed, found, kept_kinds, removed)
        found, warnings = take_inventory(spec, managed)
        kept, left = split_kept(found, kept_kinds)
        _check_nothing_is_left(spec, left)
    # Terraform knows the database and nobody else does: its name is blocked for a week when it is gone.
    is_data_kept = any(one.kind == DATABASE for one in kept) or (spec.database.existing and not delete_data)
    forget_notes(spec, with_database=not is_data_kept)
    return DestroyReport(
        environment=spec.name,
        project_id=spec.project_id,
        removed=tuple(removed),
        kept=(*map(str, kept), *(f"{one} (existing)" for one in existing_things(spec))),
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


def _give_up_data(spec: Environment, managed: ManagedState, found: tuple[Found, ...]) -> list[str]:
    """Empty the bucket, delete the secrets, and the database with a backup that outlives it; return what is gone.

    Terraform would not take the backup, and never knew the secrets.
    """
    removed = []
    for one in (one for one in found if may_remove(one, managed)):
        if one.kind == DATABASE:
            delete_database(spec, one)
            removed.append(str(one))
        elif one.kind == BUCKET:
            empty_bucket(spec, one)
        elif one.kind == SECRET:
            delete_secret(spec, one)
            removed.append(str(one))
    return removed


def _remove_infrastructure(
    spec: Environment, managed: ManagedState, found: tuple[Found, ...], kept: frozenset[str], removed: list[str]
) -> None:
    """Destroy the network last: until then leftovers of GKE and the peering hold it."""
    _, unwanted = split_kept(found, kept)
    if astray := strays(unwanted, managed, STRAYS_FIRST):
        removed += remove_strays(spec, astray)
    if managed.addresses:
        prepare_terraform(spec, managed)
        if managed.is_cluster_protected:
            clear_protection(spec)
        targets = first_targets(managed, kept)
        if spec.existing and takes_database(targets):  # Terraform does not look whether it is there
            forget_database(spec)
        if targets:
            removed += terraform_destroy(spec, targets)
    if may_sweep(found, managed):
        removed += sweep_leftovers(spec)
    if is_ours(NETWORK, unwanted, managed):
        cut_peering(spec)
    if astray := strays(unwanted, managed, STRAYS_LAST):
        removed += remove_strays(spec, astray)
    if targets := last_targets(read_managed_state(spec), kept):
        removed += terraform_destroy(spec, targets)


def _check_nothing_is_left(spec: Environment, left: tuple[Found, ...]) -> None:
    if not left:
        return
    marked = "" if any(one.is_marked for one in left) else ", without the marks that tell that they are ours"
    commands = "; ".join(removal_command(one, spec.project_id) for one in left[:10])
    raise MlopsEnvError(
        f"{len(left)} things with the names of {spec.name} are still there{marked}: {', '.join(map(str, left[:10]))}",
        f"run destroy again, or remove them by hand: {commands}",
    )
