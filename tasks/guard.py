"""Refuse what would be lost, before anything changes; save what may be lost."""

from __future__ import annotations

from collections.abc import Iterable

from prefect import get_run_logger, task
from prefect.artifacts import create_table_artifact

from clients import gke, infrastructure, notebooks
from clients.addresses import Addresses
from clients.database_backups import BACKUP_SECONDS, back_up_for_good
from clients.sql_admin import SqlAdmin
from environment import guard
from environment.changes import Change
from environment.errors import GoogleApiError, ReplacementRefusedError
from environment.plan_texts import plan_table
from environment.spec import Environment
from environment.terraform_plan import CLUSTER, DATABASE
from tasks.history import current_journal
from tasks.policy import RETRIED

Changes = tuple[Change, ...]


@task(name="check-replacements", task_run_name="check replacements", **RETRIED)
def check_replacements(environment: Environment, changes: Changes, allowed: tuple[str, ...]) -> Changes:
    """Stop where a change would lose what nobody allowed to be lost; return what will be lost."""
    return judge(environment, changes, allowed)


@task(
    name="back-up-database",
    task_run_name="back up {instance} for good",
    timeout_seconds=BACKUP_SECONDS + 600,
    **RETRIED,
)
def back_up_database(environment: Environment, instance: str) -> str:
    """Take a backup that outlives the database; return its id, empty where there is no such database any more."""
    get_run_logger().info("Backing up %s before it goes", instance)
    try:
        backup = back_up_for_good(Addresses.of(environment), environment.project_id, instance)
    except GoogleApiError as error:
        if error.status == 404:
            return ""
        raise
    current_journal().note(f"back up database {instance}")
    get_run_logger().warning("Backup %s of %s is kept in Cloud SQL until somebody deletes it", backup, instance)
    return backup


def judge(environment: Environment, changes: Changes, allowed: Iterable[str]) -> Changes:
    """Do so; for use within a task.

    Raises:
        ReplacementRefusedError: Also published as an artifact.
    """
    found, permitted = guard.guarded(changes), frozenset(allowed)
    if not found:
        return ()
    tainted = tuple(change for change in found if change.reason == guard.TAINTED)
    never_ready = _never_ready(environment, tainted) if tainted else frozenset()
    try:
        guard.check(found, permitted, never_ready)
    except ReplacementRefusedError:
        lost = guard.refused(found, permitted, never_ready)
        create_table_artifact(key=f"refused-{environment.name}", table=plan_table(lost), description="What was refused")
        raise
    for change in found:
        if change.address not in never_ready:
            get_run_logger().warning("Will be lost, as allowed: %s", change)
    return tuple(change for change in found if change.address not in never_ready)


def _never_ready(environment: Environment, tainted: Changes) -> frozenset[str]:
    """Return the addresses of what failed to be made: by what Google says, or since no apply has come to its end."""
    addresses = Addresses.of(environment)
    is_first = infrastructure.read_infrastructure(environment, addresses) is None
    found = frozenset(change.address for change in tainted if is_first)
    for change in tainted:
        for resource_type, look in _LOOKS.items():
            if guard.is_of_type(change, resource_type):
                was_never_ready, said = look(environment, addresses)
                found |= {change.address} if was_never_ready else frozenset()
                if change.address in found:
                    get_run_logger().warning("%s", _explained(change, said))
    return found


def _explained(change: Change, said: str) -> str:
    why = f" ({said})" if said else ""
    return f"The creation of {change.address} failed{why}: it is tainted, so that this apply replaces it"


def _look_at_cluster(environment: Environment, addresses: Addresses) -> tuple[bool, str]:
    found = _read_cluster(environment)
    return (True, "") if found is None else (found.was_never_ready, found.describe())


def _look_at_pool(environment: Environment, addresses: Addresses) -> tuple[bool, str]:
    names, location = environment.names, environment.location
    found = gke.read_pool_status(addresses, environment.project_id, location, names.cluster, names.node_pool)
    return (True, "") if found is None else (found.was_never_ready, found.describe())


def _look_at_database(environment: Environment, addresses: Addresses) -> tuple[bool, str]:
    """FAILED says nothing: a database that had data can come to that in a maintenance."""
    instance = infrastructure.read_managed(environment, addresses).database
    state = SqlAdmin(addresses, environment.project_id).read_state(instance) if instance else None
    return state in (None, "PENDING_CREATE"), state or ""


def _look_at_notebook(environment: Environment, addresses: Addresses) -> tuple[bool, str]:
    state = notebooks.read_state(addresses, environment.project_id, environment.names.notebook)
    return state in (None, "PROVISIONING"), state or ""


_LOOKS = {
    CLUSTER: _look_at_cluster,
    guard.NODE_POOL: _look_at_pool,
    DATABASE: _look_at_database,
    guard.NOTEBOOK: _look_at_notebook,
}


def explain_failed_cluster(environment: Environment) -> None:
    """Say what GKE says of a cluster whose creation failed, and what happens to it next."""
    found = _read_cluster(environment)
    if found and found.was_never_ready:
        name = environment.names.cluster
        get_run_logger().warning("The cluster %s is %s", name, found.describe())
        get_run_logger().warning("Terraform holds the cluster as tainted: the next create replaces it")


def _read_cluster(environment: Environment) -> gke.ClusterStatus | None:
    names, addresses = environment.names, Addresses.of(environment)
    return gke.read_cluster_status(addresses, environment.project_id, environment.location, names.cluster)
