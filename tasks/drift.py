"""Looking for drift: one task per look; none of them can change anything but our own note beside the state."""

from __future__ import annotations

from prefect import get_run_logger, task
from prefect.events import emit_event

from clients import gke
from clients.addresses import Addresses
from clients.kubernetes.editors import read_editors
from clients.operations import read_operations
from clients.root_user import APPLIED
from clients.secret_manager import SecretManager
from clients.sql_admin import SqlAdmin
from clients.storage import Storage
from environment.authors import INSTANCE_CHANGES, USER_DELETED, authors, instance_place
from environment.changes import Change
from environment.drift import Drift, DriftReport
from environment.drift_notes import DRIFT_OBJECT, DriftNotes, note
from environment.errors import GoogleApiError
from environment.infrastructure import Infrastructure
from environment.infrastructure_drift import root_user_drift, secret_drift
from environment.spec import Environment
from environment.state_folder import STATE_OBJECT
from tasks.pipelines import Manifests, apply_set_of, cluster_connections, open_objects, wanted_references
from tasks.plan import plan_objects
from tasks.policy import RETRIED

Editors = dict[str, tuple[str, ...]]


@task(name="look-at-root-user", task_run_name="look at root user of {instance}", **RETRIED)
def look_at_root_user(environment: Environment, instance: str) -> tuple[Drift, ...]:
    """Return what is wrong with the database's root user and its password's secret."""
    addresses, secret_id = Addresses.of(environment), environment.names.root_password_secret
    user = environment.database_user
    secret_manager = SecretManager(addresses, environment.project_id)
    applied = (secret_manager.annotations(secret_id) or {}).get(APPLIED)
    version = applied.partition("/")[2] if applied else None
    secret = secret_drift("infrastructure", secret_id, secret_manager.newest_version(secret_id), version)
    found = (secret,) if secret else ()
    try:
        has_user = SqlAdmin(addresses, environment.project_id).read_user(instance, user) is not None
    except GoogleApiError as error:
        if error.status == 404:
            return found  # the database itself is gone: Terraform says so
        raise
    place = instance_place(environment.project_id, instance)
    by = () if has_user else _authors(environment, {user: place}, USER_DELETED)[user]
    drift = root_user_drift(instance, has_user=has_user, applied=applied, secret=secret, by=by, user=user)
    return (*found, *drift)


@task(name="read-authors", task_run_name="read who changed infrastructure", **RETRIED)
def read_authors(environment: Environment, places: dict[str, str]) -> Editors:
    """Return who has changed what is at these places since the last apply, as far as Google tells; by address."""
    return _authors(environment, places, INSTANCE_CHANGES)


def _authors(environment: Environment, places: dict[str, str], verbs: frozenset[str]) -> Editors:
    addresses, project_id = Addresses.of(environment), environment.project_id
    state = f"{environment.state_prefix}/{STATE_OBJECT}"
    since = Storage(addresses, project_id).updated_at(environment.state.bucket, state)
    try:
        operations = read_operations(addresses, project_id, places.values()) if since else ()
    except GoogleApiError as error:
        if error.status != 403:
            raise
        get_run_logger().info("Who changed infrastructure cannot be told: %s", error)
        operations = ()
    return {address: authors(operations, place, since or "", verbs) for address, place in places.items()}


@task(name="look-at-artifact-keys", task_run_name="look at artifact keys", **RETRIED)
def look_at_artifact_keys(environment: Environment) -> tuple[Drift, ...]:
    """Return what is wrong with the secret that the gateway's keys are in."""
    secret_id = environment.names.artifact_keys_secret
    newest = SecretManager(Addresses.of(environment), environment.project_id).newest_version(secret_id)
    drift = secret_drift("pipelines", secret_id, newest)
    return (drift,) if drift else ()


@task(name="look-at-objects", task_run_name="look at objects", **RETRIED)
def look_at_objects(
    environment: Environment, outputs: Infrastructure, manifests: Manifests
) -> tuple[tuple[Change, ...], Editors] | None:
    """Compare all objects by a dry run, and read who has changed those that differ; None without a cluster."""
    changes = plan_objects.fn(environment, outputs, manifests)
    if not changes:
        return None if changes is None else ((), {})
    cluster = outputs.cluster
    access = gke.read_cluster_access(Addresses.of(environment), environment.project_id, cluster.location, cluster.name)
    with cluster_connections(access):
        objects, namespace = open_objects(access), apply_set_of(environment).namespace
        return changes, read_editors(objects, wanted_references(environment, manifests), changes, namespace)


@task(name="read-drift-notes", task_run_name="read last drift of {environment.name}", **RETRIED)
def read_drift_notes(environment: Environment) -> DriftNotes | None:
    """Read what the last look has kept."""
    storage = Storage(Addresses.of(environment), environment.project_id)
    return DriftNotes.read(storage.read(environment.state.bucket, f"{environment.state_prefix}/{DRIFT_OBJECT}"))


@task(name="keep-drift", task_run_name="keep drift of {environment.name}", **RETRIED)
def keep_drift(environment: Environment, report: DriftReport, kept: DriftNotes | None, is_heard: bool = True) -> str:
    """Send an event when the set is not the one that was told, and write the report beside the state.

    Args:
        environment: The spec.
        report: What was found.
        kept: What the last look has kept.
        is_heard: Whether an event would reach anybody.

    Returns:
        The event's name.
    """
    storage = Storage(Addresses.of(environment), environment.project_id)
    notes, event = note(report, kept, is_heard=is_heard)
    if event:
        resource = {"prefect.resource.id": f"mlops-env.environment.{environment.name}"}
        emit_event(event, resource=resource, payload=report.model_dump(mode="json"))
        get_run_logger().info("Sent %s", event)
    # Afterwards: told twice is better than never.
    place = f"{environment.state_prefix}/{DRIFT_OBJECT}"
    storage.write(environment.state.bucket, place, notes.model_dump_json(indent=2))
    return event
