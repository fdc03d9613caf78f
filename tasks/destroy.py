"""Taking an environment away: one task per step, each fine with what is already gone."""

from __future__ import annotations

from prefect import get_run_logger, task

from clients import gke, infrastructure
from clients.addresses import Addresses
from clients.inventory import read_inventory
from clients.kubernetes.connection import ClusterAccess
from clients.kubernetes.removal import remove_installation
from clients.network_leftovers import open_leftovers
from clients.secret_manager import SecretManager
from clients.sql_admin import SqlAdmin
from clients.storage import Storage
from environment.changes import Change
from environment.destruction import CLUSTER_ADDRESS, Found, ManagedState, parse_managed
from environment.errors import GoogleApiError, ServiceDisabledError, UnreachableError
from environment.names import UNKNOWN_SUFFIX
from environment.objects import ObjectReference
from environment.paths import project_root
from environment.record import RECORD_OBJECT
from environment.spec import Environment
from environment.state_folder import STATE_OBJECT, SUFFIX_OBJECT, StateFolder
from environment.terraform_plan import infrastructure_changes
from environment.terraform_variables import terraform_variables
from tasks.console import DETAIL, PASSING
from tasks.pipelines import apply_set_of, open_objects
from tasks.policy import RETRIED

FINAL_BACKUP_DAYS = 30
"""How long the last backup of a deleted database stays: Google's default is the same."""


@task(name="take-inventory", task_run_name="take inventory of {environment.name}", **RETRIED)
def take_inventory(environment: Environment) -> tuple[tuple[Found, ...], tuple[str, ...]]:
    """Read what is there, and which APIs are off."""
    return read_inventory(environment, Addresses.from_environment())


@task(name="read-managed-state", task_run_name="read state of {environment.name}", **RETRIED)
def read_managed_state(environment: Environment) -> ManagedState:
    """Read what Terraform manages; nothing where there is no state."""
    storage = Storage(Addresses.from_environment(), environment.project_id)
    try:
        return parse_managed(storage.read(environment.state.bucket, f"{environment.state_prefix}/{STATE_OBJECT}"))
    except ServiceDisabledError:
        return ManagedState()


@task(name="find-cluster", task_run_name="find cluster of {environment.name}")
def find_cluster(environment: Environment, kept: StateFolder) -> tuple[ClusterAccess | None, str]:
    """Return how to reach the cluster, or why there is nothing to take off it."""
    cluster = kept.infrastructure.cluster if kept.infrastructure else None
    location = cluster.location if cluster else environment.location
    name = cluster.name if cluster else environment.names.cluster
    addresses = Addresses.from_environment()
    try:
        access = gke.read_cluster_access(addresses, environment.project_id, location, name)
        open_objects(access).cluster.read_version()
    except (ServiceDisabledError, UnreachableError) as error:
        return None, f"Kubernetes objects go with the cluster: {error.message}"
    except GoogleApiError as error:
        if error.status in (404, 0):  # 0: it is there, but neither made whole nor running
            return None, "" if error.status else f"Kubernetes objects go with the cluster: {error.message}"
        raise
    return access, ""


@task(name="remove-pipelines", task_run_name="remove Kubeflow Pipelines")  # the deadline is the step's own
def remove_pipelines(environment: Environment, access: ClusterAccess, timeout_seconds: float) -> tuple[str, ...]:
    """Take off the cluster what has effects outside of it, or could block its end; return what was deleted."""
    logger = get_run_logger()
    logger.info("Removing Kubeflow Pipelines", extra=PASSING)
    removed: list[str] = []

    def report(reference: ObjectReference) -> None:
        removed.append(str(reference))
        logger.info("Deleted %s", reference, extra=DETAIL)

    remove_installation(
        open_objects(access), apply_set_of(environment), timeout_seconds=timeout_seconds, on_removed=report
    )
    return tuple(sorted(removed))


@task(name="delete-database", task_run_name="delete database {database.name}", **RETRIED)
def delete_database(environment: Environment, database: Found) -> None:
    """Delete the database, after a final backup that outlives it."""
    get_run_logger().info("Deleting %s after a final backup, kept for %d days", database, FINAL_BACKUP_DAYS)
    sql = SqlAdmin(Addresses.from_environment(), environment.project_id)
    sql.delete_instance(database.name, backup_days=FINAL_BACKUP_DAYS)


@task(name="empty-bucket", task_run_name="empty bucket {bucket.name}", **RETRIED)
def empty_bucket(environment: Environment, bucket: Found) -> None:
    """Delete every version of every object."""
    storage = Storage(Addresses.from_environment(), environment.project_id)
    get_run_logger().info("Emptied gs://%s of %d versions", bucket.name, storage.empty_bucket(bucket.name))


@task(name="delete-secret", task_run_name="delete secret {secret.name}", **RETRIED)
def delete_secret(environment: Environment, secret: Found) -> None:
    """Delete a secret with all its versions."""
    SecretManager(Addresses.from_environment(), environment.project_id).delete(secret.name)


@task(name="prepare-terraform", task_run_name="terraform init", **RETRIED)
def prepare_terraform(environment: Environment, managed: ManagedState) -> None:
    """Initialise Terraform with variables that clear deletion protection, for the environment as it is named."""
    suffix = (managed.database or UNKNOWN_SUFFIX).rsplit("-", 1)[-1]
    values = terraform_variables(environment, suffix)
    values["cluster"]["deletion_protection"] = False
    values["database"]["deletion_protection"] = False
    terraform = infrastructure.open_terraform(environment, Addresses.from_environment())
    terraform.prepare(project_root() / "terraform")
    terraform.write_variables(values)
    terraform.init(environment.state.bucket, environment.state_prefix)


@task(name="clear-protection", task_run_name="clear deletion protection", timeout_seconds=3600, **RETRIED)
def clear_protection(environment: Environment) -> None:
    """Let go of the cluster: its protection is a setting in Terraform's state, which an apply changes."""
    get_run_logger().info("Clearing the deletion protection of the cluster")
    terraform = infrastructure.open_terraform(environment, Addresses.from_environment())
    try:
        terraform.plan(targets=[CLUSTER_ADDRESS], refresh=False)
        terraform.apply(lambda event: None)
    finally:
        terraform.discard_plan()


@task(name="terraform-destroy", task_run_name="terraform destroy", **RETRIED)
def terraform_destroy(environment: Environment, targets: tuple[str, ...]) -> tuple[Change, ...]:
    """Destroy these addresses; return what that removed."""
    logger = get_run_logger()
    terraform = infrastructure.open_terraform(environment, Addresses.from_environment())
    try:
        terraform.plan(destroy=True, targets=targets)
        changes = infrastructure_changes(terraform.show_plan())
        logger.info("terraform destroy: %d resources", len(changes))
        terraform.apply(lambda event: logger.info(event.message, extra=DETAIL) if event.is_progress else None)
    finally:
        terraform.discard_plan()
    return changes


@task(name="sweep-leftovers", task_run_name="sweep what GKE left", **RETRIED)
def sweep_leftovers(environment: Environment) -> tuple[str, ...]:
    """Delete what GKE left in the environment's network, forwarding rules before what they use."""
    try:
        with open_leftovers(Addresses.from_environment(), environment.names) as network:
            left = network.list()
            for one in sorted(left, key=lambda found: found.kind != "forwarding rule"):
                get_run_logger().info("Deleting %s, which GKE left", one)
                network.delete(one)
    except ServiceDisabledError:
        return ()
    return tuple(map(str, left))


@task(name="cut-peering", task_run_name="cut peering with Google's services", **RETRIED)
def cut_peering(environment: Environment) -> bool:
    """Cut private services access from the network's side; say whether there was any."""
    try:
        with open_leftovers(Addresses.from_environment(), environment.names) as network:
            return network.cut_peering()
    except ServiceDisabledError:
        return False


@task(name="forget-notes", task_run_name="forget notes of {environment.name}", **RETRIED)
def forget_notes(environment: Environment, *, with_suffix: bool) -> None:
    """Remove the record, and with the database its suffix: the next one needs another name. History stays."""
    storage = Storage(Addresses.from_environment(), environment.project_id)
    names = (RECORD_OBJECT, SUFFIX_OBJECT) if with_suffix else (RECORD_OBJECT,)
    for name in names:
        try:
            storage.delete(environment.state.bucket, f"{environment.state_prefix}/{name}")
        except ServiceDisabledError:
            return
