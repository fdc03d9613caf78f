"""Keys of service accounts, made by IAM and brought to the cluster's Secrets in one go: no key leaves here.

A key that is in its Secret and still valid is left alone. Of one whose maker died before it was in the Secret nobody
has the private half any more: the note that was written before tells which it is, and the next run deletes it.

Source: https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts.keys
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from clients.addresses import Addresses
from clients.change_control import UNCONTROLLED, ChangeControl
from clients.discovery_api import open_api, unless_gone
from clients.google_errors import google_errors
from clients.kubernetes.apply import apply_objects
from clients.kubernetes.objects import Objects
from clients.kubernetes.plan import plan_changes
from clients.storage import Storage
from environment.account_keys import (
    NOTE_OBJECT,
    ROLES,
    credentials_of,
    key_change,
    key_references,
    key_secret,
    old_key_change,
    orphans,
    replaced_keys,
)
from environment.apply_set import ApplySet
from environment.changes import UNKNOWN, Change
from environment.errors import GoogleApiError, PermissionDeniedError, PreflightError
from environment.object_changes import deleted, with_new_value
from environment.objects import Manifest, ObjectReference
from environment.spec import Environment

BAD_REQUEST = 400


class AccountKeys:
    """The keys of one project's service accounts, by the account's email; a key goes by its id."""

    def __init__(self, addresses: Addresses, project_id: str) -> None:
        self._addresses = addresses
        self._project_id = project_id

    def list_valid(self, email: str) -> tuple[str, ...]:
        """Return the ids of the keys that people or programs have made and nobody has disabled."""
        with google_errors(f"list the keys of {email}", email), self._keys() as keys:
            found = keys.list(name=self._name(email), keyTypes=["USER_MANAGED"]).execute().get("keys") or ()
        return tuple(key["name"].rsplit("/", 1)[-1] for key in found if not key.get("disabled"))

    def create(self, email: str) -> tuple[str, str]:
        """Make a key; return its id and its credentials file.

        Raises:
            PreflightError: When the organisation forbids keys.
        """
        body = {"privateKeyType": "TYPE_GOOGLE_CREDENTIALS_FILE", "keyAlgorithm": "KEY_ALG_RSA_2048"}
        try:
            with google_errors(f"make a key of {email}", email), self._keys() as keys:
                made = keys.create(name=self._name(email), body=body).execute()
        except GoogleApiError as error:
            if error.status == BAD_REQUEST and "Key creation is not allowed" in error.message:
                raise PreflightError(
                    error.message,
                    "the organisation policy iam.disableServiceAccountKeyCreation forbids keys: "
                    "set identity to workload_identity",
                ) from error
            raise
        return made["name"].rsplit("/", 1)[-1], base64.b64decode(made["privateKeyData"]).decode()

    def delete(self, email: str, key_id: str) -> bool:
        """Delete a key; say whether it was there."""
        with google_errors(f"delete key {key_id} of {email}", email), self._keys() as keys:
            return unless_gone(keys.delete(name=f"{self._name(email)}/keys/{key_id}")) is not None

    def _name(self, email: str) -> str:
        return f"projects/{self._project_id}/serviceAccounts/{email}"

    def _keys(self) -> Any:
        return _Keys(self._addresses, self._project_id)


class _Keys:
    """The collection of IAM's client, open as long as the context lasts."""

    def __init__(self, addresses: Addresses, project_id: str) -> None:
        self._opened = open_api(addresses, project_id, "iam", "v1")

    def __enter__(self) -> Any:
        return self._opened.__enter__().projects().serviceAccounts().keys()

    def __exit__(self, *raised: Any) -> None:
        self._opened.__exit__(*raised)


def read_key_ids(objects: Objects, namespace: str) -> dict[str, str]:
    """Return the ids of the keys that the Secrets hold, by the Secret's name."""
    found = {one.name: credentials_of(objects.get(one)) for one in key_references(namespace)}
    return {name: current[0] for name, current in found.items() if current}


def apply_account_keys(
    objects: Objects,
    apply_set: ApplySet,
    addresses: Addresses,
    environment: Environment,
    *,
    replaced: Mapping[str, str],
    force: bool = False,
    control: ChangeControl = UNCONTROLLED,
) -> tuple[tuple[Change, ...], dict[str, str]]:
    """Make the Secrets hold keys that are valid, and not those of `replaced` (key ids by the Secret's name).

    Returns:
        The changes, values masked, and the id of the key that each Secret holds, by its name.

    Raises:
        PreflightError: When the organisation forbids keys.
        ApprovalError: When a change is not among those that were approved; it was not made then.
    """
    keys, changes, versions = AccountKeys(addresses, environment.project_id), list[Change](), dict[str, str]()
    notes = _read_notes(addresses, environment)
    for reference in key_references(apply_set.namespace):
        email = environment.names.account_email(ROLES[reference.name])
        current, valid = credentials_of(objects.get(reference)), keys.list_valid(email)
        is_good = current is not None and current[0] in valid and current[0] != replaced.get(reference.name)
        if current is None or not is_good:
            control.check((key_change(email),))
            control.begin()
            for lost in orphans(valid, notes.get(email, valid), current[0] if current else None):
                keys.delete(email, lost)
            current = _make_key(keys, addresses, environment, email, notes, valid)
            changes.append(key_change(email))
            control.note(key_change(email))
        manifest = key_secret(apply_set.namespace, reference.name, current[1], current[0])
        changes += apply_objects(objects, [manifest], apply_set, force=force, control=control)
        versions[reference.name] = current[0]
        if notes.pop(email, None) is not None:
            _write_notes(addresses, environment, notes)
    return tuple(changes), versions


def _make_key(
    keys: AccountKeys,
    addresses: Addresses,
    environment: Environment,
    email: str,
    notes: dict[str, list[str]],
    valid: tuple[str, ...],
) -> tuple[str, str]:
    """Make a key, after a note of those that there are, where there is none yet."""
    if email not in notes:
        notes[email] = list(valid)
        _write_notes(addresses, environment, notes)
    try:
        return keys.create(email)
    except (PreflightError, PermissionDeniedError):
        del notes[email]  # none was made: what others make from now on is no business of ours
        _write_notes(addresses, environment, notes)
        raise


def plan_account_keys(
    objects: Objects, apply_set: ApplySet, addresses: Addresses, environment: Environment, *, force: bool = False
) -> tuple[tuple[Change, ...], dict[str, str]]:
    """Return what `apply_account_keys` would change and which keys it would use, UNKNOWN where one is yet to be made.

    Where keys are not wanted, the Secrets that are left go.
    """
    keys, changes, versions = AccountKeys(addresses, environment.project_id), list[Change](), dict[str, str]()
    for reference in key_references(apply_set.namespace):
        email, live = environment.names.account_email(ROLES[reference.name]), objects.get(reference)
        if not environment.has_account_keys:
            changes += _removals(reference, live, email) if live else []
            continue
        current = credentials_of(live)
        if current and current[0] in keys.list_valid(email):
            manifest = key_secret(apply_set.namespace, reference.name, current[1], current[0])
            changes += plan_changes(objects, [manifest], apply_set, force=force)
            versions[reference.name] = current[0]
        else:
            changes += [key_change(email), with_new_value(reference, is_there=live is not None)]
            versions[reference.name] = UNKNOWN
    return tuple(changes), versions


def remove_account_keys(
    objects: Objects,
    apply_set: ApplySet,
    addresses: Addresses,
    environment: Environment,
    *,
    control: ChangeControl = UNCONTROLLED,
) -> tuple[Change, ...]:
    """Delete the keys that Secrets still hold, and then those Secrets: nothing reads them any more."""
    keys, changes = AccountKeys(addresses, environment.project_id), list[Change]()
    for reference in key_references(apply_set.namespace):
        live, email = objects.get(reference), environment.names.account_email(ROLES[reference.name])
        if live is None:
            continue
        control.check(_removals(reference, live, email))
        control.begin()
        if (current := credentials_of(live)) and keys.delete(email, current[0]):
            changes.append(old_key_change(email, current[0]))
            control.note(changes[-1])
        objects.delete(reference)
        changes.append(deleted(reference))
        control.note(changes[-1])
    return tuple(changes)


def _removals(reference: ObjectReference, live: Manifest, email: str) -> list[Change]:
    current = credentials_of(live)
    return [*([old_key_change(email, current[0])] if current else []), deleted(reference)]


def retire_account_keys(
    addresses: Addresses,
    environment: Environment,
    replaced: Mapping[str, str],
    versions: Mapping[str, str],
    *,
    control: ChangeControl = UNCONTROLLED,
) -> None:
    """Delete the keys that were replaced, also of a Secret that is gone.

    Raises:
        ApprovalError: When the end of one is not among the changes that were approved; all stay.
    """
    keys, doomed = AccountKeys(addresses, environment.project_id), replaced_keys(replaced, versions, environment.names)
    control.check(old_key_change(*one) for one in doomed)
    for email, key_id in doomed:
        if keys.delete(email, key_id):
            control.note(old_key_change(email, key_id))


def _read_notes(addresses: Addresses, environment: Environment) -> dict[str, list[str]]:
    storage = Storage(addresses, environment.project_id)
    text = storage.read(environment.state.bucket, f"{environment.state_prefix}/{NOTE_OBJECT}")
    return {str(email): [str(one) for one in ids] for email, ids in json.loads(text).items()} if text else {}


def _write_notes(addresses: Addresses, environment: Environment, notes: Mapping[str, list[str]]) -> None:
    storage, name = Storage(addresses, environment.project_id), f"{environment.state_prefix}/{NOTE_OBJECT}"
    if notes:
        storage.write(environment.state.bucket, name, json.dumps(notes))
    else:
        storage.delete(environment.state.bucket, name)
