"""Step 3, second half: one task per step on the cluster. Secrets' values stay inside `apply_secrets`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

from prefect import get_run_logger, task

from clients import account_keys, gke, pipeline_secrets
from clients.addresses import Addresses
from clients.change_control import ChangeControl
from clients.environment_status import read_record
from clients.infrastructure import read_infrastructure
from clients.kubernetes import apply, apply_sets, pipelines, prerequisites, removal, rollout
from clients.kubernetes.connection import ClusterAccess
from clients.kubernetes.objects import Objects, close_cluster, open_cluster
from clients.storage import Storage
from environment.account_keys import key_references
from environment.apply_set import PIPELINES, ApplySet
from environment.approval import Approved, check_approved
from environment.changes import Change
from environment.databases import DATABASES_OBJECT, KeptDatabases, check_databases, completed, is_whole
from environment.errors import GoogleApiError, ServiceDisabledError, UnreachableError
from environment.infrastructure import Infrastructure
from environment.objects import Manifest, ObjectReference, reference_of, split_prerequisites
from environment.pipeline_secrets import secret_references, with_versions
from environment.pipelines_ui import without_address
from environment.rollout import WorkloadStatus
from environment.spec import Environment
from environment.state_folder import StateFolder
from tasks.console import DETAIL, PASSING
from tasks.history import current_journal
from tasks.policy import ANEW, RETRIED
from tasks.progress import Progress

UI_SECONDS = 300.0
NAMESPACE_SECONDS = 300.0
"""When to give up on a namespace that a finalizer holds."""

Changes = tuple[Change, ...]
Manifests = tuple[Manifest, ...]


def open_objects(access: ClusterAccess) -> Objects:
    """Return the objects of a cluster."""
    return open_cluster(Addresses.from_environment().acting_as(access.impersonate, access.credentials), access)


@contextmanager
def cluster_connections(access: ClusterAccess) -> Iterator[None]:
    """Close at the end of a flow what its tasks opened: they share connections, and what they learned of kinds."""
    try:
        yield
    finally:
        close_cluster(Addresses.from_environment().acting_as(access.impersonate, access.credentials), access)


def apply_set_of(environment: Environment) -> ApplySet:
    """Return the set that all of the environment's objects are members of."""
    is_guest = environment.cluster.existing is not None
    namespace = environment.pipelines.namespace
    return ApplySet(PIPELINES, namespace, version("mlops-env"), environment.owner, is_guest=is_guest)


def removals(others: Sequence[ApplySet]) -> Changes:
    """Return the changes that take other installations away."""
    return tuple(Change(layer="pipelines", action="delete", address=f"Namespace {one.namespace}") for one in others)


def wanted_references(environment: Environment, manifests: Sequence[Manifest]) -> list[ObjectReference]:
    """Return all that will be a member: the manifests and our Secrets."""
    namespace = environment.pipelines.namespace
    keys = key_references(namespace) if environment.has_account_keys else ()
    return [*map(reference_of, manifests), *secret_references(namespace), *keys]


def lasting_references(environment: Environment, manifests: Sequence[Manifest]) -> list[ObjectReference]:
    """Return all that is not pruned: keys of accounts go by themselves, once nothing reads them any more."""
    return [*wanted_references(environment, manifests), *key_references(environment.pipelines.namespace)]


def change_control(approved: Approved, progress_of: str = "", total: int = 0) -> ChangeControl:
    """Return what notes each change, logs a line and advances progress; without a change there is no progress to see.

    Objects are changed in threads, which know nothing of the run: so the journal is taken here.
    """
    logger, journal = get_run_logger(), current_journal()
    progress = Progress(progress_of, total) if total else None

    def note(change: Change) -> None:
        journal.note(change)
        # An update names its fields: somebody will want to know. Of creations there are many.
        logger.info("%s", change.explain(), extra=DETAIL if change.action == "create" else None)
        if progress:
            progress.advance()

    return ChangeControl(approved, journal.begin, note)


def reporter_of_removals() -> Callable[[ObjectReference], None]:
    """Return what notes and logs what was deleted."""
    logger, journal = get_run_logger(), current_journal()

    def report(reference: ObjectReference) -> None:
        journal.note(f"delete {reference}")
        logger.info("Deleted %s", reference, extra=DETAIL)

    return report


@task(name="read-cluster-access", task_run_name="read access to {infrastructure.cluster.name}", **RETRIED)
def read_cluster_access(environment: Environment, infrastructure: Infrastructure) -> ClusterAccess:
    """Read where the cluster answers and by which CA it is known."""
    cluster = infrastructure.cluster
    return gke.read_cluster_access(Addresses.of(environment), environment.project_id, cluster.location, cluster.name)


@task(name="reach-cluster", task_run_name="reach {access.endpoint}", **RETRIED)
def reach_cluster(access: ClusterAccess) -> str:
    """Make sure that the cluster answers to us, before anything waits for it; return its version."""
    found = open_objects(access).cluster.read_version()
    get_run_logger().info("%s runs Kubernetes %s", access.endpoint, found)
    return found


@task(name="check-namespace", task_run_name="check for another installation", **RETRIED)
def check_namespace(
    environment: Environment, access: ClusterAccess, allow_replace: tuple[str, ...] = (), approved: Approved = None
) -> Changes:
    """Make sure that the cluster has no Kubeflow Pipelines in another namespace; one that may go is removed first."""
    objects, logger = open_objects(access), get_run_logger()
    others = apply_sets.check_alone(objects, apply_set_of(environment), allow_replace)
    check_approved(removals(others), approved)
    for other in others:
        logger.warning("Will be lost, as allowed: Namespace %s and all that is in it", other.namespace)
        current_journal().begin()
        removal.remove_namespace(objects, other, timeout_seconds=NAMESPACE_SECONDS, on_removed=reporter_of_removals())
    return removals(others)


@task(name="check-recorded-namespace", task_run_name="check recorded namespace", **RETRIED)
def check_recorded_namespace(environment: Environment, allow_replace: tuple[str, ...] = ()) -> bool:
    """Where the record names another namespace, make sure that nothing is there, before infrastructure follows.

    Returns:
        Whether there is a record: a create has come to its end.
    """
    addresses = Addresses.of(environment)
    record = read_record(environment, addresses)
    if record is None or record.pipelines.namespace == environment.pipelines.namespace:
        return record is not None
    cluster = record.infrastructure.cluster
    try:
        access = gke.read_cluster_access(addresses, environment.project_id, cluster.location, cluster.name)
    except GoogleApiError as error:
        if error.status == 404:
            return True  # it went with its cluster
        raise
    with cluster_connections(access):
        apply_sets.check_alone(open_objects(access), apply_set_of(environment), allow_replace)
    return True


@task(name="check-databases", task_run_name="check which databases {environment.name} has", **RETRIED)
def check_kept_databases(
    environment: Environment, instance: str, allow_replace: tuple[str, ...] = ()
) -> KeptDatabases | None:
    """Make sure that the databases with all runs stay in use; return what is to be noted, None where it is already."""
    storage = Storage(Addresses.of(environment), environment.project_id)
    noted = KeptDatabases.read(storage.read(environment.state.bucket, _note_of_databases(environment)))
    outputs = None if is_whole(noted) else read_infrastructure(environment, Addresses.of(environment))
    kept = _completed(environment, noted, outputs) if outputs else noted
    wanted = check_databases(environment, kept, instance, allow_replace)
    return None if wanted == noted else wanted


def find_databases(environment: Environment, folder: StateFolder) -> KeptDatabases | None:
    """Return which databases are in use: as noted, and where that is not whole as the installation says."""
    if is_whole(folder.databases) or folder.infrastructure is None:
        return folder.databases
    return ask_for_databases(environment, folder.databases, folder.infrastructure)


@task(name="ask-for-databases", task_run_name="ask which databases {environment.name} has", **RETRIED)
def ask_for_databases(
    environment: Environment, noted: KeptDatabases | None, outputs: Infrastructure
) -> KeptDatabases | None:
    """Ask the installation itself which databases and bucket it works with."""
    return _completed(environment, noted, outputs)


def _completed(environment: Environment, noted: KeptDatabases | None, outputs: Infrastructure) -> KeptDatabases | None:
    try:
        access = read_cluster_access.fn(environment, outputs)
        with cluster_connections(access):
            config = pipelines.read_install_config(open_objects(access), environment.pipelines.namespace)
    except (UnreachableError, ServiceDisabledError) as error:
        # What is about to be changed may let us in: it is asked again before a service starts.
        get_run_logger().warning("Not all is noted of the databases that are in use: %s", error.message)
        return noted
    except GoogleApiError as error:
        if error.status in (404, 0):  # 0: it is there, and does not run
            return noted
        raise
    return completed(environment, noted, config)


@task(name="keep-databases", task_run_name="note databases of {environment.name}", **RETRIED)
def keep_databases(environment: Environment, databases: KeptDatabases) -> None:
    """Note beside the state which databases are in use, before a service starts that makes what it misses."""
    storage = Storage(Addresses.of(environment), environment.project_id)
    storage.write(environment.state.bucket, _note_of_databases(environment), databases.model_dump_json())


def _note_of_databases(environment: Environment) -> str:
    return f"{environment.state_prefix}/{DATABASES_OBJECT}"


@task(name="apply-prerequisites", task_run_name="apply namespace and definitions", timeout_seconds=300, **RETRIED)
def apply_prerequisites(
    environment: Environment,
    access: ClusterAccess,
    manifests: Manifests,
    force_conflicts: bool,
    approved: Approved = None,
) -> Changes:
    """Apply namespaces and CRDs, and wait until the API server serves them."""
    return prerequisites.apply_prerequisites(
        open_objects(access),
        manifests,
        apply_set_of(environment),
        wanted_references(environment, manifests),
        force=force_conflicts,
        control=change_control(approved),
    )


@task(name="apply-secrets", task_run_name="apply secrets", timeout_seconds=120, **RETRIED)
def apply_secrets(
    environment: Environment,
    access: ClusterAccess,
    force_conflicts: bool,
    approved: Approved = None,
    replaced: dict[str, str] | None = None,
) -> tuple[Changes, dict[str, str]]:
    """Bring the Secrets to the cluster, from Secret Manager and IAM; return the version that each was made from.

    Args:
        environment: The spec.
        access: The cluster.
        force_conflicts: Take over fields that others own.
        approved: The changes that were approved.
        replaced: Ids of keys that are to be replaced, by their Secrets' names.
    """
    objects, apply_set, addresses = open_objects(access), apply_set_of(environment), Addresses.of(environment)
    how: Any = {"force": force_conflicts, "control": change_control(approved)}
    changes, versions = pipeline_secrets.apply_secrets(
        objects,
        apply_set,
        addresses,
        environment.names,
        environment.resource_labels,
        user=environment.database_user,
        **how,
    )
    if environment.has_account_keys:
        made, keys = account_keys.apply_account_keys(
            objects, apply_set, addresses, environment, replaced=replaced or {}, **how
        )
        return changes + made, versions | keys
    return changes, versions


@task(name="remove-account-keys", task_run_name="remove account keys", timeout_seconds=120, **RETRIED)
def remove_account_keys(environment: Environment, access: ClusterAccess, approved: Approved = None) -> Changes:
    """Delete keys of service accounts where the spec wants none, now that no pod reads them."""
    if environment.has_account_keys:
        return ()
    return account_keys.remove_account_keys(
        open_objects(access),
        apply_set_of(environment),
        Addresses.of(environment),
        environment,
        control=change_control(approved),
    )


@task(name="apply-objects", task_run_name="apply objects", timeout_seconds=600, **RETRIED)
def apply_objects(
    environment: Environment,
    access: ClusterAccess,
    manifests: Manifests,
    secret_versions: dict[str, str],
    force_conflicts: bool,
    recreate: tuple[str, ...] = (),
    approved: Approved = None,
) -> Changes:
    """Apply all that needs namespace and definitions, at the same time; what is as it should be is not touched."""
    objects, apply_set = open_objects(access), apply_set_of(environment)
    get_run_logger().info("Comparing %d objects", len(manifests), extra=PASSING)
    _, others = split_prerequisites(with_versions(manifests, secret_versions))
    planned = apply.plan_objects(objects, others, apply_set)
    for one in planned:
        for field in one.change.left:
            get_run_logger().warning("%s: %s stays as others set it", one.change.address, field)
    is_due = [not one.change.is_noop or (force_conflicts and bool(one.added)) for one in planned]
    changes = apply.carry_out(
        objects,
        planned,
        force=force_conflicts,
        recreate=recreate,
        control=change_control(approved, "Kubernetes objects applied", sum(is_due)),
    )
    if changes:
        get_run_logger().info("Applied %d of %d objects", len(changes), len(planned))
    return changes


@task(name="prune-objects", task_run_name="prune objects", timeout_seconds=300, **RETRIED)
def prune_objects(
    environment: Environment, access: ClusterAccess, manifests: Manifests, approved: Approved = None
) -> Changes:
    """Delete what we applied before and no longer render; never definitions, namespaces or claims."""
    return apply_sets.prune(
        open_objects(access),
        apply_set_of(environment),
        lasting_references(environment, manifests),
        control=change_control(approved),
    )


@task(
    name="wait-for-rollout", task_run_name="wait for rollout", **ANEW
)  # the watch has the patience: one limit for all of it
def wait_for_rollout(environment: Environment, access: ClusterAccess) -> int:
    """Wait by watch until every workload is ready; return how many there are."""
    logger = get_run_logger()
    logger.info("Waiting for the rollout", extra=PASSING)

    def report(reference: ObjectReference, status: WorkloadStatus) -> None:
        extra = DETAIL if status.is_ready else None
        verdict = "is ready" if status.is_ready else "is not ready yet"
        logger.info("%s %s: %s", reference, verdict, status.detail, extra=extra)

    seconds = environment.pipelines.rollout_timeout_seconds
    ready = rollout.wait_for_rollout(open_objects(access), apply_set_of(environment), report, timeout_seconds=seconds)
    logger.info("All %d workloads are ready", len(ready))
    return len(ready)


@task(name="read-ui-address", task_run_name="read UI address", timeout_seconds=UI_SECONDS + 60, **ANEW)
def read_ui_address(environment: Environment, access: ClusterAccess) -> str | None:
    """Wait for the address that the proxy agent registers; None, and how to do without, where it does not."""
    namespace = environment.pipelines.namespace
    get_run_logger().info("Waiting for the UI's address", extra=PASSING)
    address = pipelines.wait_for_ui_address(open_objects(access), namespace, timeout_seconds=UI_SECONDS)
    if address is None:
        get_run_logger().warning(without_address(namespace))
    return address


@task(name="check-pipelines-health", task_run_name="check health of the Kubeflow Pipelines API", **RETRIED)
def check_health(environment: Environment, access: ClusterAccess) -> bool:
    """Ask the API for its health, through the API server."""
    get_run_logger().info("Asking the Kubeflow Pipelines API for its health", extra=PASSING)
    pipelines.check_health(open_objects(access), environment.pipelines.namespace)
    return True
