"""Renew the values that Secret Manager holds, and retire the old ones: what a rotation does outside the cluster.

In this order: the note of what is replaced, new versions beside the old ones (the database takes both passwords), then
the cluster, and only when nothing there reads the old values any more their end, and the note's. A run that died is
gone on with from whatever it left.
"""

from __future__ import annotations

from datetime import UTC, datetime

from clients.account_keys import retire_account_keys
from clients.addresses import Addresses
from clients.pipeline_secrets import renew_artifact_keys
from clients.root_user import renew_root_password, retire_root_password
from clients.secret_manager import SecretManager
from clients.storage import Storage
from environment.approval import Approved, check_approved
from environment.changes import Change
from environment.errors import PreflightError
from environment.names import Names
from environment.pipeline_secrets import ARTIFACT_KEYS, MYSQL
from environment.rotation import ROTATION_OBJECT, Rotation, parse_rotation, secret_change
from environment.spec import Environment
from environment.terraform_plan import root_user_change


def kept_secrets(names: Names) -> dict[str, str]:
    """Return the secrets of Secret Manager by the Kubernetes Secret that is made from each."""
    return {MYSQL: names.root_password_secret, ARTIFACT_KEYS: names.artifact_keys_secret}


def value_changes(environment: Environment, instance: str) -> tuple[Change, ...]:
    """Return what `renew` changes."""
    user = root_user_change("update", instance, environment.database_user)
    return (user, *map(secret_change, kept_secrets(environment.names).values()))


def read_rotation(environment: Environment, addresses: Addresses) -> Rotation | None:
    """Return the rotation that is under way, None where there is none."""
    text = Storage(addresses, environment.project_id).read(environment.state.bucket, _note(environment))
    return None if text is None else parse_rotation(text)


def begin(environment: Environment, addresses: Addresses, instance: str, keys: dict[str, str]) -> Rotation:
    """Note what is to be replaced; a rotation that has begun before is returned as it was noted.

    Args:
        environment: The spec.
        addresses: Of the cloud.
        instance: The database.
        keys: Ids of the keys of service accounts that are in use, by their Secrets' names.

    Raises:
        PreflightError: When there is nothing to replace yet.
    """
    if (found := read_rotation(environment, addresses)) is not None:
        return found
    secret_manager = SecretManager(addresses, environment.project_id)
    replaced = dict(keys)
    for name, secret_id in kept_secrets(environment.names).items():
        current = secret_manager.read(secret_id)
        if current is None:
            raise PreflightError(f"Secret Manager has no {secret_id} yet", "run create first: it makes the secrets")
        replaced[name] = current[0]
    # The database keeps one old password: one that somebody else let it keep would take the place of ours.
    retire_root_password(addresses, environment.project_id, instance, user=environment.database_user)
    rotation = Rotation(began_at=datetime.now(UTC).isoformat(timespec="seconds"), replaced=replaced)
    storage = Storage(addresses, environment.project_id)
    storage.write(environment.state.bucket, _note(environment), rotation.model_dump_json(indent=2), only_if_absent=True)
    return read_rotation(environment, addresses) or rotation


def renew(
    environment: Environment, addresses: Addresses, instance: str, rotation: Rotation, approved: Approved = None
) -> tuple[Change, ...]:
    """Make the new values, beside the old ones; return what that changed.

    Raises:
        ApprovalError: When that is not among what was approved; nothing was changed.
    """
    names = environment.names
    check_approved(value_changes(environment, instance), approved)
    user = renew_root_password(
        addresses,
        environment.project_id,
        instance,
        names.root_password_secret,
        rotation.replaced[MYSQL],
        user=environment.database_user,
    )
    keys = renew_artifact_keys(addresses, names, rotation.replaced[ARTIFACT_KEYS])
    return tuple(one for one in (user, keys) if not one.is_noop)


def retire(
    environment: Environment, addresses: Addresses, instance: str, rotation: Rotation, versions: dict[str, str]
) -> tuple[str, ...]:
    """End the old values, now that all read the new ones, and the rotation with them; say what was ended.

    Args:
        environment: The spec.
        addresses: Of the cloud.
        instance: The database.
        rotation: What was replaced.
        versions: What the cluster's Secrets are made from, by their names.
    """
    ended = []
    if retire_root_password(addresses, environment.project_id, instance, user=environment.database_user):
        ended.append(f"delete old password of user {environment.database_user}@% of {instance}")
    secret_manager = SecretManager(addresses, environment.project_id)
    for name, secret_id in kept_secrets(environment.names).items():
        for number in secret_manager.disable_older(secret_id, versions[name]):
            ended.append(f"disable version {number} of secret {secret_id} of Secret Manager")
    ended += retire_account_keys(addresses, environment, rotation.replaced, versions)
    Storage(addresses, environment.project_id).delete(environment.state.bucket, _note(environment))
    return tuple(ended)


def _note(environment: Environment) -> str:
    return f"{environment.state_prefix}/{ROTATION_OBJECT}"
