"""Taking an environment away: one task per step, each fine with what is already gone."""

from __future__ import annotations

from prefect import get_run_logger, task

from clients import gke, infrastructure
from clients.addresses import Addresses
from clients.inventory import read_inventory
from clients.kubernetes.apply_sets import read_owner
from clients.kubernetes.connection import ClusterAccess
from clients.kubernetes.removal import remove_installation, remove_members
from clients.network_leftovers import open_leftovers
from clients.root_user import find_users_of_others, remove_users
from clients.secret_manager import SecretManager
from clients.service_usage import ServiceUsage
from clients.sql_admin import SqlAdmin
from clients.storage import Storage
from clients.strays import remove_stray
from environment.account_keys import NOTE_OBJECT
from environment.databases import DATABASES_OBJECT
from environment.destruction import (
    Found,
    ManagedState,
    needed_services,
    without_database,
    without_neighbours,
    without_protection,
)
from environment.errors import (
    CredentialsError,
    GoogleApiError,
    KubernetesError,
    MlopsEnvError,
    ServiceDisabledError,
    TransientError,
    UnreachableError,
)
from environment.names import UNKNOWN_SUFFIX
from environment.objects import ObjectReference
from environment.paths import project_root
from environment.record import RECORD_OBJECT
from environment.rotation import ROTATION_OBJECT
from environment.spec import Environment
from environment.state_folder import SUFFIX_OBJECT, StateFolder
from environment.terraform_events import TerraformEvent
from environment.terraform_variables import terraform_variables
from tasks.console import DETAIL, PASSING
from tasks.history import current_journal
from tasks.pipelines import apply_set_of, cluster_connections, open_objects, reporter_of_removals
from tasks.policy import ANEW, RETRIED
from tasks.terraform_log import kept_log

FINAL_BACKUP_DAYS = 30
"""How long the last backup of a deleted database stays: Google's default is the same."""


@task(name="take-inventory", task_run_name="take inventory of {environment.name}", **RETRIED)
def take_inventory(environment: Environment, managed: ManagedState) -> tuple[tuple[Found, ...], tuple[str, ...]]:
    """Read what is there, and which APIs are off."""
    get_run_logger().info("Looking at what is there", extra=PASSING)
    found, unseen = read_inventory(environment, Addresses.of(environment), managed)
    return without_neighbours(found, environment, managed), tuple(map(str, unseen))


@task(name="read-managed-state", task_run_name="read state of {environment.name}", **RETRIED)
def read_managed_state(environment: Environment) -> ManagedState:
    """Read what Terraform manages; nothing where there is no state."""
    try:
        return infrastructure.read_managed(environment, Addresses.of(environment))
    except ServiceDisabledError:
        return ManagedState(is_readable=False)


@task(name="check-services", task_run_name="check services", **RETRIED)
def check_services(environment: Environment, managed: ManagedState) -> None:
    """Make sure that the APIs are on through which things are removed: they are never enabled here.

    Raises:
        MlopsEnvError: Names those that are off, and what turns them on.
    """
    off = [] if managed.is_readable else ["storage.googleapis.com"]
    try:
        enabled = ServiceUsage(Addresses.of(environment), environment.project_id).list_enabled()
        off += [service for service in needed_services(managed) if service not in enabled]
    except ServiceDisabledError:
        pass  # without Service Usage nobody can say
    if off:
        raise MlopsEnvError(
            f"{', '.join(off)} {'is' if len(off) == 1 else 'are'} off, and {environment.name} still has things there",
            f"run `gcloud services enable {' '.join(off)} --project={environment.project_id}`, then destroy again",
        )


@task(name="find-cluster", task_run_name="find cluster of {environment.name}", **ANEW)
def find_cluster(environment: Environment, kept: StateFolder) -> tuple[ClusterAccess | None, str]:
    """Return how to reach the cluster, or why there is nothing to take off it."""
    cluster = kept.infrastructure.cluster if kept.infrastructure else None
    location = cluster.location if cluster else environment.location
    name = cluster.name if cluster else environment.names.cluster
    addresses = Addresses.of(environment)
    try:
        access = gke.read_cluster_access(addresses, environment.project_id, location, name)
    except ServiceDisabledError as error:
        return None, _goes_anyway(error)
    except GoogleApiError as error:
        if error.status in (404, 0):  # 0: it is there, but neither made whole nor running
            return None, "" if error.status else _goes_anyway(error)
        raise
    try:
        open_objects(access).cluster.read_version()
    except (UnreachableError, KubernetesError, CredentialsError) as error:
        return None, _goes_anyway(error)
    return access, ""


def _goes_anyway(error: MlopsEnvError) -> str:
    return f"Kubernetes objects go with the cluster, and what they made outside of it is swept: {error.message}"


@task(name="remove-pipelines", task_run_name="remove Kubeflow Pipelines", **ANEW)  # the deadline is the step's own
def remove_pipelines(environment: Environment, access: ClusterAccess, timeout_seconds: float) -> tuple[str, ...]:
    """Take off the cluster what has effects outside of it, or could block its end; return what was deleted.

    A cluster that stops answering, or refuses us, is no reason to stop: it goes anyway.
    """
    logger = get_run_logger()
    logger.info("Removing Kubeflow Pipelines", extra=PASSING)
    removed, tell = list[str](), reporter_of_removals()

    def report(reference: ObjectReference) -> None:
        removed.append(str(reference))
        tell(reference)

    current_journal().begin()
    try:
        remove_installation(
            open_objects(access), apply_set_of(environment), timeout_seconds=timeout_seconds, on_removed=report
        )
    except (TransientError, CredentialsError, KubernetesError) as error:
        if isinstance(error, KubernetesError) and not isinstance(error, TransientError) and error.status != 403:
            raise
        logger.warning(_goes_anyway(error))
    return tuple(sorted(removed))


@task(name="leave-cluster", task_run_name="remove Kubeflow Pipelines from {environment.cluster_name}", **ANEW)
def leave_cluster(environment: Environment, timeout_seconds: float) -> tuple[str, ...]:
    """Take all that is ours off a cluster that stays, as it is not ours; return what was deleted.

    Raises:
        KubernetesError: Where the cluster does not answer, or what is in it does not say whose it is: nobody else would
            remove what is left.
    """
    addresses, removed, report = Addresses.of(environment), list[str](), reporter_of_removals()

    def note(reference: ObjectReference) -> None:
        removed.append(str(reference))
        report(reference)

    try:
        access = gke.read_cluster_access(
            addresses, environment.project_id, environment.location, environment.cluster_name
        )
    except GoogleApiError as error:
        if error.status == 404:
            return ()
        raise
    with cluster_connections(access):
        objects, apply_set = open_objects(access), apply_set_of(environment)
        owner = read_owner(objects, apply_set)
        if owner is not None and not apply_set.is_owner(owner):
            if not owner:
                raise KubernetesError(
                    f"Namespace {apply_set.namespace}: its installation names no owner", apply_set.claim
                )
            get_run_logger().warning("Namespace %s stays: it belongs to %s", apply_set.namespace, owner)
            return ()
        current_journal().begin()
        kept = remove_members(objects, apply_set, timeout_seconds=timeout_seconds, on_removed=note)
    for one in kept:
        get_run_logger().warning("%s stays: others have objects of that kind", one)
    return tuple(sorted(removed))


@task(name="leave-database", task_run_name="remove the user of {environment.name}", **RETRIED)
def leave_database(environment: Environment) -> tuple[str, ...]:
    """Remove our user from instances that are not ours; what Kubeflow Pipelines has written stays in them."""
    names, user = environment.names, environment.names.database_user
    secret = (Addresses.of(environment), environment.project_id, names.root_password_secret)
    instances, removed = tuple[str, ...](), list[str]()
    try:
        instances = find_users_of_others(*secret, names.is_database)
        if instances:
            current_journal().begin()
        for instance in remove_users(*secret, user, instances):
            removed.append(f"user {user}@% of {instance}")
            current_journal().note(f"delete {removed[-1]}")
            get_run_logger().info("Deleted user %s of %s; its databases stay", user, instance)
    except ServiceDisabledError as error:
        if instances or environment.database.existing:
            where = f" of {', '.join(instances)}" if instances else ""
            get_run_logger().warning("User %s%s stays, if it is there: %s", user, where, error.message)
    return tuple(removed)


@task(name="delete-database", task_run_name="delete database {database.name}", **RETRIED)
def delete_database(environment: Environment, database: Found) -> None:
    """Delete the database, after a final backup that outlives it."""
    get_run_logger().info("Deleting %s after a final backup, kept for %d days", database, FINAL_BACKUP_DAYS)
    current_journal().begin()
    sql = SqlAdmin(Addresses.of(environment), environment.project_id)
    sql.delete_instance(database.name, backup_days=FINAL_BACKUP_DAYS)
    current_journal().note(f"delete {database}")


@task(name="empty-bucket", task_run_name="empty bucket {bucket.name}", **RETRIED)
def empty_bucket(environment: Environment, bucket: Found) -> None:
    """Delete every version of every object."""
    storage = Storage(Addresses.of(environment), environment.project_id)
    current_journal().begin()
    count = storage.empty_bucket(bucket.name)
    get_run_logger().info("Emptied gs://%s of %d versions", bucket.name, count)
    if count:
        current_journal().note(f"empty {bucket}")


@task(name="delete-secret", task_run_name="delete secret {secret.name}", **RETRIED)
def delete_secret(environment: Environment, secret: Found) -> None:
    """Delete a secret with all its versions."""
    SecretManager(Addresses.of(environment), environment.project_id).delete(secret.name)
    current_journal().note(f"delete {secret}")


@task(name="prepare-terraform", task_run_name="terraform init", **RETRIED)
def prepare_terraform(environment: Environment, managed: ManagedState) -> None:
    """Initialise Terraform for the environment as it is named."""
    get_run_logger().info("terraform init", extra=PASSING)
    suffix = (managed.database or UNKNOWN_SUFFIX).rsplit("-", 1)[-1]
    terraform = infrastructure.open_terraform(environment, Addresses.of(environment))
    terraform.prepare(project_root() / "terraform", environment.existing)
    terraform.write_variables(terraform_variables(environment, suffix))
    terraform.init(environment.state.bucket, environment.state_prefix)


@task(name="clear-protection", task_run_name="clear deletion protection", **RETRIED)
def clear_protection(environment: Environment) -> None:
    """Let go of the cluster: its protection is a setting in Terraform's state."""
    get_run_logger().info("Clearing the deletion protection of the cluster")
    infrastructure.open_terraform(environment, Addresses.of(environment)).edit_state(without_protection)


@task(name="forget-database", task_run_name="forget the database that is gone", **RETRIED)
def forget_database(environment: Environment) -> None:
    """Take the database out of Terraform's state: a destroy that does not look first would fail at what is gone."""
    infrastructure.open_terraform(environment, Addresses.of(environment)).edit_state(without_database)


@task(name="remove-strays", task_run_name="remove strays", **RETRIED)
def remove_strays(environment: Environment, strays: tuple[Found, ...]) -> tuple[str, ...]:
    """Remove what is ours though Terraform does not know it, in the given order; return what that was."""
    for one in strays:
        get_run_logger().info("Deleting %s, which Terraform does not know", one)
        current_journal().begin()
        remove_stray(environment, Addresses.of(environment), one)
        current_journal().note(f"delete {one}")
    return tuple(map(str, strays))


@task(name="terraform-destroy", task_run_name="terraform destroy", **RETRIED)
def terraform_destroy(environment: Environment, targets: tuple[str, ...]) -> tuple[str, ...]:
    """Destroy these addresses, and what depends on them; return what that removed."""
    logger = get_run_logger()
    logger.info("terraform destroy", extra=PASSING)

    def report(event: TerraformEvent) -> None:
        if event.kind == "apply_complete":
            current_journal().note(f"delete {event.address}")
        if event.is_progress or event.kind == "change_summary":
            logger.info(event.message, extra=DETAIL if event.is_progress else None)

    current_journal().begin()
    terraform = infrastructure.open_terraform(environment, Addresses.of(environment))
    with kept_log(terraform):
        # A refresh reads what exists too, and stops where its owner has removed that.
        return terraform.destroy(targets, report, refresh=not environment.existing)


@task(name="sweep-leftovers", task_run_name="sweep what GKE left", **RETRIED)
def sweep_leftovers(environment: Environment) -> tuple[str, ...]:
    """Delete what GKE left of the environment's cluster, users before what they use."""
    get_run_logger().info("Looking at what GKE left", extra=PASSING)
    try:
        with open_leftovers(Addresses.of(environment), environment) as network:
            left = network.list()
            for one in left:
                get_run_logger().info("Deleting %s, which GKE left", one)
                network.delete(one)
                current_journal().note(f"delete {one}")
    except ServiceDisabledError:
        return ()
    return tuple(map(str, left))


@task(name="cut-peering", task_run_name="cut peering with Google's services", **RETRIED)
def cut_peering(environment: Environment) -> bool:
    """Cut private services access from the network's side; say whether there was any."""
    try:
        with open_leftovers(Addresses.of(environment), environment) as network:
            is_cut = network.cut_peering()
    except ServiceDisabledError:
        return False
    if is_cut:
        current_journal().note("delete peering with Google's services")
    return is_cut


@task(name="forget-notes", task_run_name="forget notes of {environment.name}", **RETRIED)
def forget_notes(environment: Environment, *, with_database: bool) -> None:
    """Remove record and rotation; with the database its suffix and names: the next is another one. History stays."""
    storage = Storage(Addresses.of(environment), environment.project_id)
    names = (RECORD_OBJECT, ROTATION_OBJECT, NOTE_OBJECT, *((SUFFIX_OBJECT, DATABASES_OBJECT) if with_database else ()))
    for name in names:
        try:
            storage.delete(environment.state.bucket, f"{environment.state_prefix}/{name}")
        except ServiceDisabledError:
            return
