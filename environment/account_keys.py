"""Keys of service accounts, for pods that do not act by Workload Identity: `identity: service_account_key`.

`user-gcp-sa` is the Secret that Kubeflow Pipelines knows (its SDK mounts `user-gcp-sa.json`): the steps of pipelines
use it. `system-gcp-sa` is for the servers, whose account may reach the database. A key is nowhere else: Google keeps
its public half, and the id that both share is an annotation of the Secret.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Mapping
from typing import Any

from environment.changes import Change
from environment.names import Names
from environment.objects import Manifest, ObjectReference
from environment.pipeline_secrets import secret_manifest

USER_KEY, SYSTEM_KEY = "user-gcp-sa", "system-gcp-sa"
ROLES = {USER_KEY: "user", SYSTEM_KEY: "system"}
"""Whose key each Secret holds."""
CREDENTIALS = "application_default_credentials.json"
KEY_ANNOTATION = "mlops-env/account-key"
NOTE_OBJECT = "account-keys.json"
"""What keys an account had when a run was about to make another, beside the state, until that is in its Secret."""


def key_references(namespace: str) -> tuple[ObjectReference, ...]:
    """Return the references of both Secrets."""
    return tuple(ObjectReference("", "v1", "Secret", namespace, name) for name in ROLES)


def key_secret(namespace: str, name: str, credentials: str, key_id: str) -> dict[str, Any]:
    """Return the manifest of a key's Secret; `credentials` is the credentials file's text."""
    manifest = secret_manifest(namespace, name, {CREDENTIALS: credentials, f"{name}.json": credentials})
    manifest["metadata"]["annotations"] = {KEY_ANNOTATION: key_id}
    return manifest


def credentials_of(secret: Manifest | None) -> tuple[str, str] | None:
    """Return key id and credentials file of a Secret, None where it is missing or holds another key than it says."""
    if secret is None:
        return None
    key_id = str((secret["metadata"].get("annotations") or {}).get(KEY_ANNOTATION, ""))
    try:
        text = base64.b64decode((secret.get("data") or {})[CREDENTIALS]).decode()
        is_whole = json.loads(text)["private_key_id"] == key_id
    except (ValueError, KeyError, TypeError):
        return None
    return (key_id, text) if is_whole else None


def orphans(listed: Collection[str], noted: Collection[str], current: str | None) -> tuple[str, ...]:
    """Return the ids of keys that a run made and lost before they were in a Secret: newer than its note, and unused."""
    return tuple(one for one in listed if one not in noted and one != current)


def key_change(email: str) -> Change:
    """Return the change that makes a key."""
    return Change(layer="pipelines", action="create", address=f"key of {email}")


def old_key_change(email: str, key_id: str) -> Change:
    """Return the change that ends a key."""
    return Change(layer="pipelines", action="delete", address=f"key {key_id} of {email}")


def replaced_keys(
    replaced: Mapping[str, str], versions: Mapping[str, str], names: Names
) -> tuple[tuple[str, str], ...]:
    """Return the keys that were replaced, as pairs of the account's email and the key's id.

    Args:
        replaced: Key ids by their Secrets' names.
        versions: Ids of the keys that the Secrets hold now, by their names; without one, its Secret is gone.
        names: Of the environment.
    """
    return tuple(
        (names.account_email(role), replaced[name])
        for name, role in ROLES.items()
        if name in replaced and replaced[name] != versions.get(name)
    )
