"""`metadata.managedFields`: who owns which fields of an object.

A manager is told apart by its name, the operation, the API version (for updates only) and the subresource. Follows
k8s.io/apimachinery/pkg/util/managedfields of 1.33.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from sandbox.kubernetes.fields import Fields, from_json
from sandbox.kubernetes.merge import same

MAX_UPDATE_MANAGERS = 10
ANCIENT_CHANGES = "ancient-changes"


class Manager(NamedTuple):
    """What tells one entry of managedFields from another; `api_version` is empty for an applier."""

    name: str
    operation: str
    api_version: str
    subresource: str

    @property
    def identifier(self) -> str:
        """The JSON that the server sorts managers by in its messages."""
        parts = {
            "manager": self.name,
            "operation": self.operation,
            "apiVersion": self.api_version,
            "subresource": self.subresource,
        }
        return json.dumps({key: value for key, value in parts.items() if value}, separators=(",", ":"))

    @property
    def text(self) -> str:
        """The manager as conflicts name it, as `"kubectl" using apps/v1`."""
        text = json.dumps(self.name, ensure_ascii=False)
        if self.subresource:
            text += f" with subresource {json.dumps(self.subresource)}"
        return f"{text} using {self.api_version}" if self.operation == "Update" else text


class Owned(NamedTuple):
    """What a manager owns, in which API version it said so, and when; `fields_v1` is what `fields` were read from."""

    fields: Fields
    api_version: str
    time: str | None
    fields_v1: Mapping[str, Any] | None = None

    def owning(self, fields: Fields) -> Owned:
        """Return the same with other fields."""
        return self if fields is self.fields else Owned(fields, self.api_version, self.time)


Managed = dict[Manager, Owned]


def decode_managed(entries: Any) -> Managed:
    """Read managedFields.

    Raises:
        ValueError: an entry is malformed, in the server's words.
    """
    managed: Managed = {}
    for index, entry in enumerate(entries or []):
        if not isinstance(entry, Mapping):
            raise ValueError(f"invalid managed fields entry {index}")
        operation, version = entry.get("operation", ""), entry.get("apiVersion", "")
        if operation not in ("Apply", "Update"):
            raise ValueError("operation must be `Apply` or `Update`")
        if not version:
            raise ValueError("apiVersion must not be empty")
        kind = entry.get("fieldsType", "")
        if kind != "FieldsV1":
            missing = f"missing fieldsType in managed fields entry {index}"
            raise ValueError(f'invalid fieldsType "{kind}" in managed fields entry {index}' if kind else missing)
        manager = Manager(
            entry.get("manager", ""), operation, version if operation == "Update" else "", entry.get("subresource", "")
        )
        fields = entry.get("fieldsV1") or {}
        managed[manager] = Owned(from_json(fields), version, entry.get("time"), fields)
    return managed


def encode_managed(managed: Managed) -> list[dict[str, Any]]:
    """Write managedFields in the server's order: appliers first, then by time and name."""
    return [
        _encode_entry(manager, managed[manager]) for manager in sorted(managed, key=lambda m: _order(m, managed[m]))
    ]


def cap_updates(managed: Managed) -> Managed:
    """Fold the oldest updates of an API version into one entry, so that there are at most ten."""
    updates = [manager for manager in managed if manager.operation == "Update"]
    excess = len(updates) - MAX_UPDATE_MANAGERS
    if excess <= 0:
        return managed
    capped = dict(managed)
    first_of: dict[str, Manager] = {}
    for manager in sorted(updates, key=lambda m: (_seconds(managed[m].time), m.identifier)):
        if excess <= 0:
            break
        owned = capped[manager]
        first = first_of.setdefault(owned.api_version, manager)
        if first is manager:
            continue
        bucket = Manager(ANCIENT_CHANGES, "Update", owned.api_version, "")
        if bucket not in capped:
            capped[bucket] = capped.pop(first)
        capped[bucket] = Owned(owned.fields.union(capped[bucket].fields), owned.api_version, owned.time)
        capped.pop(manager)
        excess -= 1
    return capped


def keep_times(live: Mapping[str, Any] | None, obj: dict[str, Any]) -> dict[str, Any]:
    """Return the object with the live times of managedFields where nothing but these times changed.

    So that an apply or update without effect leaves the object's resourceVersion alone.
    """
    if live is None:
        return obj
    before = live.get("metadata", {}).get("managedFields") or []
    after = obj.get("metadata", {}).get("managedFields") or []
    if not after or len(before) != len(after) or before == after:
        return obj
    if any({**old, "time": None} != {**new, "time": None} for old, new in zip(before, after, strict=True)):
        return obj
    restored = {**obj, "metadata": {**obj["metadata"], "managedFields": before}}
    return restored if same(restored, live) else obj


def _encode_entry(manager: Manager, owned: Owned) -> dict[str, Any]:
    fields = owned.fields.to_json() if owned.fields_v1 is None else owned.fields_v1
    entry: dict[str, Any] = {
        "apiVersion": owned.api_version,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }
    entry["manager"] = manager.name
    entry["operation"] = manager.operation
    if manager.subresource:
        entry["subresource"] = manager.subresource
    if owned.time:
        entry["time"] = owned.time
    return entry


def _order(manager: Manager, owned: Owned) -> tuple[Any, ...]:
    return manager.operation, _seconds(owned.time), manager.name, owned.api_version, manager.subresource


def _seconds(time: str | None) -> float:
    if not time:
        return 0.0
    return float(int(datetime.datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp()))
