"""Who belongs to whom: owners and dependents, by the identities in `ownerReferences`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.kubernetes.storage import Record, Store

Object = dict[str, Any]

ORPHAN = "orphan"
FOREGROUND = "foregroundDeletion"


def references(obj: Object) -> list[Object]:
    """Return an object's references to its owners."""
    return obj["metadata"].get("ownerReferences") or []


def dependents_of(store: Store, uid: str) -> list[Record]:
    """Return what an object owns, alone or together with others."""
    return [record for record in store.everything() if any(each["uid"] == uid for each in references(record.view))]


def blocking_dependents(store: Store, uid: str) -> Iterator[Record]:
    """Return the dependents that an owner in foreground deletion waits for."""
    for record in dependents_of(store, uid):
        if any(each["uid"] == uid and each.get("blockOwnerDeletion") for each in references(record.view)):
            yield record


def existing_owners(store: Store, obj: Object) -> list[Record]:
    """Return an object's owners that exist and do not wait for their dependents to go."""
    found = (store.get_uid(each["uid"]) for each in references(obj))
    return [record for record in found if record is not None and not _waits(record.view)]


def _waits(obj: Object) -> bool:
    metadata = obj["metadata"]
    return bool(metadata.get("deletionTimestamp")) and FOREGROUND in (metadata.get("finalizers") or [])


def without_reference(obj: Object, uid: str) -> Object:
    """Return an object that an owner has no claim on any more."""
    kept = [each for each in references(obj) if each["uid"] != uid]
    metadata = {key: value for key, value in obj["metadata"].items() if key != "ownerReferences"}
    return {**obj, "metadata": {**metadata, **({"ownerReferences": kept} if kept else {})}}
