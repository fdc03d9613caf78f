"""Bring the two Secrets of Kubeflow Pipelines to a cluster, from Secret Manager, in one go: no value leaves here.

Source: https://cloud.google.com/secret-manager/docs/best-practices
"""

from __future__ import annotations

import secrets

from clients.addresses import Addresses
from clients.kubernetes.apply import OnChange, apply_objects, ignore
from clients.kubernetes.objects import Objects
from clients.root_user import USER
from clients.secret_manager import SecretManager
from environment.apply_set import ApplySet
from environment.errors import KubernetesError
from environment.names import Names
from environment.object_changes import ObjectChange
from environment.pipeline_secrets import (
    ACCESS_KEY_LENGTH,
    ARTIFACT_KEYS,
    MYSQL,
    SECRET_KEY_LENGTH,
    artifact_keys_secret,
    encode_artifact_keys,
    mysql_secret,
)


def apply_secrets(
    objects: Objects,
    apply_set: ApplySet,
    addresses: Addresses,
    names: Names,
    labels: dict[str, str],
    *,
    force: bool = False,
    on_change: OnChange = ignore,
) -> tuple[tuple[ObjectChange, ...], dict[str, str]]:
    """Make both Secrets hold what Secret Manager holds.

    Returns:
        The changes, values masked, and the version number that each Secret was made from, by its name.

    Raises:
        KubernetesError: When the database's password is not there yet.
    """
    secret_manager = SecretManager(addresses, names.project_id)
    root = secret_manager.read(names.root_password_secret)
    if root is None:
        raise KubernetesError(
            f"Secret Manager has no {names.root_password_secret}: the database has no root user yet",
            "run provision_infra, or the whole create, first",
        )
    keys = secret_manager.read(names.artifact_keys_secret) or _make_keys(secret_manager, names, labels)
    manifests = (
        mysql_secret(apply_set.namespace, USER, root[1]),
        artifact_keys_secret(apply_set.namespace, keys[1]),
    )
    changes = apply_objects(objects, manifests, apply_set, force=force, on_change=on_change)
    return changes, {MYSQL: root[0], ARTIFACT_KEYS: keys[0]}


def _make_keys(secret_manager: SecretManager, names: Names, labels: dict[str, str]) -> tuple[str, str]:
    """Make random keys, once; a run that died between secret and version is finished here."""
    kept = encode_artifact_keys(secrets.token_hex(ACCESS_KEY_LENGTH // 2), secrets.token_hex(SECRET_KEY_LENGTH // 2))
    secret_manager.create(names.artifact_keys_secret, labels)
    return secret_manager.add_version(names.artifact_keys_secret, kept), kept
