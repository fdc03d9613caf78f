"""Bring the two Secrets of Kubeflow Pipelines to a cluster, from Secret Manager, in one go: no value leaves here.

Source: https://cloud.google.com/secret-manager/docs/best-practices
"""

from __future__ import annotations

import secrets

from clients.addresses import Addresses
from clients.change_control import UNCONTROLLED, ChangeControl
from clients.kubernetes.apply import apply_objects
from clients.kubernetes.objects import Objects
from clients.kubernetes.plan import plan_changes
from clients.parallel import in_parallel
from clients.root_user import is_applied
from clients.secret_manager import SecretManager
from environment.apply_set import ApplySet
from environment.changes import UNKNOWN, Change
from environment.errors import KubernetesError
from environment.names import ROOT_USER, Names
from environment.object_changes import with_new_value
from environment.pipeline_secrets import (
    ACCESS_KEY_LENGTH,
    ARTIFACT_KEYS,
    MYSQL,
    SECRET_KEY_LENGTH,
    artifact_keys_secret,
    encode_artifact_keys,
    mysql_secret,
    secret_references,
)
from environment.rotation import secret_change


def apply_secrets(
    objects: Objects,
    apply_set: ApplySet,
    addresses: Addresses,
    names: Names,
    labels: dict[str, str],
    *,
    force: bool = False,
    control: ChangeControl = UNCONTROLLED,
    user: str = ROOT_USER,
) -> tuple[tuple[Change, ...], dict[str, str]]:
    """Make both Secrets hold what Secret Manager holds.

    Returns:
        The changes, values masked, and the version number that each Secret was made from, by its name.

    Raises:
        KubernetesError: When the database's password is not there yet, or is one that the database was not given.
        ApprovalError: Before any change, when one is not among those that were approved.
    """
    secret_manager = SecretManager(addresses, names.project_id)
    root = secret_manager.read(names.root_password_secret)
    if root is None:
        raise KubernetesError(
            f"Secret Manager has no {names.root_password_secret}: the database has no root user yet",
            "run provision_infra, or the whole create, first",
        )
    if not is_applied(secret_manager.annotations(names.root_password_secret), root[0]):
        raise KubernetesError(
            f"version {root[0]} of {names.root_password_secret} is newer than the password that the database has",
            "run provision_infra first (or rotate_secrets, where that was stopped): it gives the database that one",
        )
    made: tuple[Change, ...] = ()
    keys = secret_manager.read(names.artifact_keys_secret)
    if keys is None:
        control.check((keys_change(names),))
        control.begin()
        keys, made = _make_keys(secret_manager, names, labels), (keys_change(names),)
        control.note(made[0])
    manifests = (
        mysql_secret(apply_set.namespace, user, root[1]),
        artifact_keys_secret(apply_set.namespace, keys[1]),
    )
    changes = apply_objects(objects, manifests, apply_set, force=force, control=control)
    return made + changes, {MYSQL: root[0], ARTIFACT_KEYS: keys[0]}


def plan_secrets(
    objects: Objects,
    apply_set: ApplySet,
    addresses: Addresses,
    names: Names,
    *,
    force: bool = False,
    user: str = ROOT_USER,
) -> tuple[tuple[Change, ...], dict[str, str]]:
    """Return what `apply_secrets` would change and the versions it would use, UNKNOWN where one is yet to be made."""
    secret_manager = SecretManager(addresses, names.project_id)
    root, keys = in_parallel(secret_manager.read, (names.root_password_secret, names.artifact_keys_secret))
    changes: tuple[Change, ...] = () if keys else (keys_change(names),)
    manifests = []
    if root:
        manifests.append(mysql_secret(apply_set.namespace, user, root[1]))
    if keys:
        manifests.append(artifact_keys_secret(apply_set.namespace, keys[1]))
    changes += plan_changes(objects, manifests, apply_set, force=force)
    known = {manifest["metadata"]["name"] for manifest in manifests}
    for reference in secret_references(apply_set.namespace):
        if reference.name not in known:
            changes += (with_new_value(reference, is_there=objects.get(reference) is not None),)
    versions = {MYSQL: root[0] if root else UNKNOWN, ARTIFACT_KEYS: keys[0] if keys else UNKNOWN}
    return changes, versions


def keys_change(names: Names) -> Change:
    """Return the change that makes the keys of the gateway, which last until they are rotated."""
    return Change(layer="pipelines", action="create", address=f"secret {names.artifact_keys_secret} of Secret Manager")


def renew_artifact_keys(
    addresses: Addresses, names: Names, replaced: str, *, control: ChangeControl = UNCONTROLLED
) -> None:
    """Make keys that are newer than the version `replaced`, unless a run that died has; nothing reads them yet."""
    secret_manager = SecretManager(addresses, names.project_id)
    current = secret_manager.read(names.artifact_keys_secret)
    if current is not None and current[0] != replaced:
        return
    secret_manager.add_version(names.artifact_keys_secret, _random_keys())
    control.note(secret_change(names.artifact_keys_secret))


def _make_keys(secret_manager: SecretManager, names: Names, labels: dict[str, str]) -> tuple[str, str]:
    """Make random keys, once; a run that died between secret and version is finished here."""
    kept = _random_keys()
    secret_manager.create(names.artifact_keys_secret, labels)
    return secret_manager.add_version(names.artifact_keys_secret, kept), kept


def _random_keys() -> str:
    return encode_artifact_keys(secrets.token_hex(ACCESS_KEY_LENGTH // 2), secrets.token_hex(SECRET_KEY_LENGTH // 2))
