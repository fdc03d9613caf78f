"""Rotating secrets: what is renewed, who reads it, and the end of the old values. Values stay in the clients."""

from __future__ import annotations

from prefect import get_run_logger, task
from prefect.runtime import flow_run

from clients import account_keys, rotation
from clients.addresses import Addresses
from clients.kubernetes.connection import ClusterAccess
from clients.kubernetes.plan import plan_changes
from environment.account_keys import ROLES, key_change, key_references
from environment.approval import Approved
from environment.changes import UNKNOWN, ordered
from environment.infrastructure import Infrastructure
from environment.object_changes import with_new_value
from environment.pipeline_secrets import readers, secret_references
from environment.rotation import Rotation, check_only_versions
from environment.spec import Environment
from tasks.history import current_journal
from tasks.pipelines import Changes, Manifests, apply_set_of, change_control, open_objects
from tasks.policy import RETRIED


@task(name="plan-rotation", task_run_name="plan rotation", **RETRIED)
def plan_rotation(
    environment: Environment, outputs: Infrastructure, access: ClusterAccess, manifests: Manifests
) -> Changes:
    """Return what a rotation changes; stop where a workload that reads the secrets would change in more than that."""
    objects, namespace, instance = open_objects(access), environment.pipelines.namespace, outputs.database.instance
    references, changes = secret_references(namespace), rotation.value_changes(environment, instance)
    changes += rotation.ended_values(environment, Addresses.of(environment), instance, _key_ids(environment, access))
    if environment.has_account_keys:
        references += key_references(namespace)
        changes += tuple(key_change(environment.names.account_email(role)) for role in ROLES.values())
    noted = readers(manifests, dict.fromkeys((one.name for one in references), UNKNOWN))
    workloads = plan_changes(objects, noted, apply_set_of(environment))
    check_only_versions(workloads)
    return ordered([*changes, *(with_new_value(one, is_there=True) for one in references), *workloads])


@task(name="begin-rotation", task_run_name="begin rotation", **RETRIED)
def begin_rotation(environment: Environment, outputs: Infrastructure, access: ClusterAccess) -> tuple[Rotation, bool]:
    """Note what is to be replaced, or return the rotation that a run has begun and not ended, and that it is one."""
    run_id = str(flow_run.id or "")
    found = rotation.begin(
        environment,
        Addresses.of(environment),
        outputs.database.instance,
        _key_ids(environment, access),
        run_id=run_id,
        control=change_control(None),
    )
    is_resumed = found.run_id != run_id  # of the same run it is this task's, whose answer was lost
    if is_resumed:
        get_run_logger().warning("Going on with the rotation that began at %s", found.began_at)
    return found, is_resumed


def _key_ids(environment: Environment, access: ClusterAccess) -> dict[str, str]:
    if not environment.has_account_keys:
        return {}
    return account_keys.read_key_ids(open_objects(access), environment.pipelines.namespace)


@task(name="renew-secrets", task_run_name="renew secrets", timeout_seconds=600, **RETRIED)
def renew_secrets(
    environment: Environment, outputs: Infrastructure, begun: Rotation, approved: Approved = None
) -> None:
    """Make new passwords and keys, which hold beside the old ones."""
    current_journal().begin()
    rotation.renew(
        environment,
        Addresses.of(environment),
        outputs.database.instance,
        begun,
        control=change_control(approved),
    )


@task(name="retire-secrets", task_run_name="retire old secrets", timeout_seconds=600, **RETRIED)
def retire_secrets(
    environment: Environment,
    outputs: Infrastructure,
    begun: Rotation,
    versions: dict[str, str],
    approved: Approved = None,
) -> None:
    """End the old passwords and keys."""
    current_journal().begin()
    rotation.retire(
        environment,
        Addresses.of(environment),
        outputs.database.instance,
        begun,
        versions,
        control=change_control(approved),
    )
