"""Looking at all three layers without changing any: one task per look, decided by what create decides with."""

from __future__ import annotations

from prefect import get_run_logger, task

from clients import account_keys, gke, infrastructure, pipeline_secrets, root_user, state_folder
from clients.addresses import Addresses
from clients.kubernetes import apply_sets, plan
from clients.kubernetes.connection import ClusterAccess
from clients.secret_manager import SecretManager
from environment.account_keys import ROLES, key_change
from environment.changes import UNKNOWN, Change, ordered, with_text
from environment.errors import GoogleApiError, UnreachableError
from environment.infrastructure import Infrastructure
from environment.names import UNKNOWN_SUFFIX
from environment.object_changes import created
from environment.pipeline_secrets import with_versions
from environment.spec import Environment
from environment.state_folder import StateFolder
from environment.terraform_plan import InfrastructurePlan, parse_plan
from tasks.console import PASSING
from tasks.pipelines import (
    Changes,
    Manifests,
    apply_set_of,
    cluster_connections,
    lasting_references,
    open_objects,
    removals,
    wanted_references,
)
from tasks.policy import RETRIED


@task(name="read-state-folder", task_run_name="read gs://{environment.state.bucket}", **RETRIED)
def read_state_folder(environment: Environment) -> StateFolder:
    """Read what the state bucket holds of the environment."""
    return state_folder.read_state_folder(environment, Addresses.of(environment))


@task(name="prepare-plans", task_run_name="prepare plans", **RETRIED)
def prepare_plans(environment: Environment) -> bool:
    """Bring the folder that Terraform plans in up to date, where there is one; say whether there is."""
    return infrastructure.prepare_plans(environment, Addresses.of(environment))


@task(name="plan-infrastructure", task_run_name="plan infrastructure", **RETRIED)
def plan_infrastructure(
    environment: Environment, kept: StateFolder, refresh: bool, is_ready: bool = False
) -> InfrastructurePlan:
    """Ask Terraform what it would change, without the state's lock; `refresh` looks at what is there.

    Where the database's name is yet to be drawn, changes say so instead of naming the stand-in. `is_ready` is what
    `prepare_plans` has said, where it was called.
    """
    get_run_logger().info("terraform plan", extra=PASSING)
    addresses = Addresses.of(environment)
    document = infrastructure.read_plan(environment, addresses, kept, refresh=refresh, is_ready=is_ready)
    if document is None:
        return InfrastructurePlan(changes=(), infrastructure=kept.infrastructure)
    planned = parse_plan(document)
    if kept.suffix:
        return planned
    stand_in, unknown = (environment.names.database(suffix) for suffix in (UNKNOWN_SUFFIX, UNKNOWN))
    return planned.model_copy(update={"changes": with_text(planned.changes, stand_in, unknown)})


@task(name="plan-root-user", task_run_name="plan root user of {instance}", **RETRIED)
def plan_root_user(environment: Environment, instance: str) -> Change | None:
    """Return what the database's `root` user needs, None where there is no such instance."""
    secret_id = environment.names.root_password_secret
    try:
        addresses, user = Addresses.of(environment), environment.database_user
        return root_user.plan_root_user(addresses, environment.project_id, instance, secret_id, user=user)
    except GoogleApiError as error:
        if error.status == 404:
            return None
        raise


@task(name="plan-objects", task_run_name="plan objects", **RETRIED)
def plan_objects(
    environment: Environment,
    outputs: Infrastructure,
    manifests: Manifests,
    allow_replace: tuple[str, ...] = (),
    force_conflicts: bool = False,
) -> Changes | None:
    """Compare all objects with those of the cluster by a dry run; None where there is no such cluster.

    What others have added to an object that is else as it should be comes as a change that is a noop, or where
    conflicts are forced as the update that takes it out.
    """
    get_run_logger().info("Comparing %d objects", len(manifests), extra=PASSING)
    addresses, access = Addresses.of(environment), _find_cluster(environment, outputs)
    if access is None:
        return None
    with cluster_connections(access):
        objects, apply_set = open_objects(access), apply_set_of(environment)
        changes = removals(apply_sets.check_alone(objects, apply_set, allow_replace))
        secret_changes, versions = pipeline_secrets.plan_secrets(
            objects,
            apply_set,
            addresses,
            environment.names,
            force=force_conflicts,
            user=environment.database_user,
        )
        key_changes, keys = account_keys.plan_account_keys(
            objects, apply_set, addresses, environment, force=force_conflicts
        )
        changes += secret_changes + key_changes
        changes += plan.plan_changes(
            objects, with_versions(manifests, versions | keys), apply_set, force=force_conflicts
        )
        changes += apply_sets.plan_prune(objects, apply_set, lasting_references(environment, manifests))
        added = (change for change in changes if change.is_noop and change.added)
        return (*ordered(changes), *added)


@task(name="check-objects", task_run_name="check objects", **RETRIED)
def check_objects(
    environment: Environment,
    outputs: Infrastructure,
    manifests: Manifests,
    force_conflicts: bool,
    recreate: tuple[str, ...],
    *,
    may_be_out_of_reach: bool = False,
) -> None:
    """Stop where the objects could not be applied later, before anything is changed; without a cluster, go on.

    So too with one that does not answer and `may_be_out_of_reach`: what is about to be changed may let us in.
    """
    get_run_logger().info("Comparing %d objects", len(manifests), extra=PASSING)
    access = _find_cluster(environment, outputs)
    if access is None:
        return
    with cluster_connections(access):
        objects, apply_set = open_objects(access), apply_set_of(environment)
        try:
            plan.check_changes(objects, manifests, apply_set, force=force_conflicts, recreate=recreate)
        except UnreachableError as error:
            if not may_be_out_of_reach:
                raise
            get_run_logger().warning("%s: compared when its endpoint is open", error.message)


def _find_cluster(environment: Environment, outputs: Infrastructure) -> ClusterAccess | None:
    addresses, cluster = Addresses.of(environment), outputs.cluster
    try:
        return gke.read_cluster_access(addresses, environment.project_id, cluster.location, cluster.name)
    except GoogleApiError as error:
        if error.status == 404:
            return None
        raise


@task(name="plan-new-objects", task_run_name="plan objects of a new cluster", **RETRIED)
def plan_new_objects(environment: Environment, manifests: Manifests, may_have_keys: bool) -> Changes:
    """Return the changes on a cluster that is yet to be made: all objects are new, the gateway's keys may be there."""
    names = environment.names
    changes = [created(reference) for reference in wanted_references(environment, manifests)]
    secret_manager = SecretManager(Addresses.of(environment), environment.project_id)
    if not (may_have_keys and secret_manager.read(names.artifact_keys_secret)):
        changes.append(pipeline_secrets.keys_change(names))
    if environment.has_account_keys:
        changes += [key_change(names.account_email(role)) for role in ROLES.values()]
    return ordered(changes)
