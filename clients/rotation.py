"""Renew the values that Secret Manager holds, and retire the old ones: what a rotation does outside the cluster.

In this order: the note of what is replaced, new versions beside the old ones (the database takes both passwords), then
the cluster, and only when nothing there reads the old values any more their end, and the note's. A run that died is
gone on with from whatever it left.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from clients.account_keys import retire_account_keys
from clients.addresses import Addresses
from clients.change_control import UNCONTROLLED, ChangeControl
from clients.pipeline_secrets import renew_artifact_keys
from clients.root_user import renew_root_password, retire_root_password
from clients.secret_manager import SecretManager
from clients.storage import Storage
from environment.account_keys import old_key_change, replaced_keys
from environment.changes import Change
from environment.errors import PreflightError
from environment.names import Names
from environment.pipeline_secrets import ARTIFACT_KEYS, MYSQL
from environment.rotation import (
    ROTATION_OBJECT,
    Rotation,
    old_password_change,
    old_version_change,
    parse_rotation,
    secret_change,
)
from environment.spec import Environment
from environment.terraform_plan import root_user_change


def kept_secrets(names: Names) -> dict[str, str]:
    """Return the secrets of Secret Manager by the Kubernetes Secret that is made from each."""
    return {MYSQL: names.root_password_secret, ARTIFACT_KEYS: names.artifact_keys_secret}


def value_changes(environment: Environment, instance: str) -> tuple[Change, ...]:
    """Return what `renew` changes."""
    user = root_user_change("update", instance, environment.database_user)
    return (user, *map(secret_change, kept_secrets(environment.names).values()))


def ended_values(
    environment: Environment, addresses: Addresses, instance: str, keys: Mapping[str, str]
) -> tuple[Change, ...]:
    """Return what `retire` will change: what is there now and was not made by a rotation that is under way.

    Args:
        environment: The spec.
        addresses: Of the cloud.
        instance: The database.
        keys: As for `begin`.
    """
    begun = read_rotation(environment, addresses)
    old_keys = replaced_keys(begun.replaced if begun else keys, {}, environment.names)
    changes = [old_password_change(instance, environment.database_user), *(old_key_change(*one) for one in old_keys)]
    secret_manager = SecretManager(addresses, environment.project_id)
    for name, secret_id in kept_secrets(environment.names).items():
        numbers = secret_manager.list_enabled(secret_id)
        is_new = bool(begun and numbers and numbers[0] != begun.replaced[name])
        changes += [old_version_change(secret_id, one) for one in numbers[is_new:]]
    return tuple(changes)


def read_rotation(environment: Environment, addresses: Addresses) -> Rotation | None:
    """Return the rotation that is under way, None where there is none."""
    text = Storage(addresses, environment.project_id).read(environment.state.bucket, _note(environment))
    return None if text is None else parse_rotation(text)


def is_under_way(environment: Environment, addresses: Addresses) -> bool:
    """Tell whether a rotation has begun and not ended."""
    return Storage(addresses, environment.project_id).read(environment.state.bucket, _note(environment)) is not None


def begin(
    environment: Environment,
    addresses: Addresses,
    instance: str,
    keys: dict[str, str],
    *,
    run_id: str = "",
    control: ChangeControl = UNCONTROLLED,
) -> Rotation:
    """Note what is to be replaced; a rotation that has begun before is returned as it was noted.

    Args:
        environment: The spec.
        addresses: Of the cloud.
        instance: The database.
        keys: Ids of the keys of service accounts that are in use, by their Secrets' names.
        run_id: Of the run that begins it.
        control: Of each change.

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
    user = environment.database_user
    retire_root_password(addresses, environment.project_id, instance, control=control, user=user)
    began_at = datetime.now(UTC).isoformat(timespec="seconds")
    rotation = Rotation(began_at=began_at, replaced=replaced, run_id=run_id)
    storage = Storage(addresses, environment.project_id)
    storage.write(environment.state.bucket, _note(environment), rotation.model_dump_json(indent=2), only_if_absent=True)
    return read_rotation(environment, addresses) or rotation


def renew(
    environment: Environment,
    addresses: Addresses,
    instance: str,
    rotation: Rotation,
    *,
    control: ChangeControl = UNCONTROLLED,
) -> None:
    """Make the new values, beside the old ones.

    Raises:
        ApprovalError: When that is not among what was approved; nothing was changed.
    """
    names = environment.names
    control.check(value_changes(environment, instance))
    renew_root_password(
        addresses,
        environment.project_id,
        instance,
        names.root_password_secret,
        rotation.replaced[MYSQL],
        control=control,
        user=environment.database_user,
    )
    renew_artifact_keys(addresses, names, rotation.replaced[ARTIFACT_KEYS], control=control)


def retire(
    environment: Environment,
    addresses: Addresses,
    instance: str,
    rotation: Rotation,
    versions: dict[str, str],
    *,
    control: ChangeControl = UNCONTROLLED,
) -> None:
    """End the old values, now that all read the new ones, and the rotation with them.

    Args:
        environment: The spec.
        addresses: Of the cloud.
        instance: The database.
        rotation: What was replaced.
        versions: What the cluster's Secrets are made from, by their names.
        control: Of each change.

    Raises:
        ApprovalError: When the end of something is not among what was approved; it goes on.
    """
    user = environment.database_user
    retire_root_password(addresses, environment.project_id, instance, user=user, control=control)
    for name, secret_id in kept_secrets(environment.names).items():
        _disable_older(SecretManager(addresses, environment.project_id), secret_id, versions[name], control)
    retire_account_keys(addresses, environment, rotation.replaced, versions, control=control)
    Storage(addresses, environment.project_id).delete(environment.state.bucket, _note(environment))


def _disable_older(secret_manager: SecretManager, secret_id: str, number: str, control: ChangeControl) -> None:
    older = [one for one in secret_manager.list_enabled(secret_id) if int(one) < int(number)]
    control.check(old_version_change(secret_id, one) for one in older)
    for one in older:
        secret_manager.disable(secret_id, one)
        control.note(old_version_change(secret_id, one))


def _note(environment: Environment) -> str:
    return f"{environment.state_prefix}/{ROTATION_OBJECT}"
