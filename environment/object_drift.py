"""Drift of the objects on the cluster: what an apply would change, by whom it was changed, and what only follows.

Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from environment.changes import Change, FieldChange
from environment.drift import OUTSIDE, PENDING, Condition, Drift, DriftField, Kind, ordered_drift
from environment.infrastructure_drift import SECRET_MANAGER
from environment.object_changes import FIELD_MANAGER
from environment.pipeline_secrets import VERSION_ANNOTATION

_CONTROLLERS = frozenset({FIELD_MANAGER, "kube-controller-manager", "kubelet", "kube-scheduler"})


def object_drift(
    changes: Iterable[Change],
    editors: Mapping[str, tuple[str, ...]],
    *,
    same_manifests: bool,
    secrets_drifted: bool = False,
) -> tuple[Drift, ...]:
    """Classify what an apply would change on the cluster.

    Args:
        changes: As planned.
        editors: Who has changed an object, by its address.
        same_manifests: Whether the last create applied the very same manifests: then all was done by others. Else a
            field is theirs where they own it.
        secrets_drifted: Whether a secret of Secret Manager has; what follows from that is left out.
    """
    found: list[Drift] = []
    for change in changes:
        if change.address.startswith(SECRET_MANAGER):
            continue  # said by `secret_drift`
        fields = [one for one in change.fields if not _follows(change, one, secrets_drifted)]
        if change.action in ("update", "noop") and not fields and not change.added:
            continue
        theirs = [one for one in (*fields, *change.added) if same_manifests or one.owner]
        others = [one for one in fields if one not in theirs]
        by = editors.get(change.address, ())
        if theirs or (same_manifests and not fields and not change.added):
            found.append(_object(change, OUTSIDE, theirs, by))
        if others or (not same_manifests and not fields and not change.added):
            found.append(_object(change, PENDING, others, ()))
    return ordered_drift(found)


def _object(change: Change, kind: Kind, fields: Iterable[FieldChange], by: tuple[str, ...]) -> Drift:
    conditions: dict[str, Condition] = {"create": "missing", "delete": "extra"}
    return Drift(
        layer="pipelines",
        kind=kind,
        condition=conditions.get(change.action, "changed"),
        address=change.address,
        fields=tuple(DriftField(path=f.path, expected=f.after, actual=f.before, by=f.owner) for f in fields),
        by=by,
    )


def _follows(change: Change, field: FieldChange, secrets_drifted: bool) -> bool:
    """Tell whether a field differs only because of something else that is reported."""
    if field.owner or not secrets_drifted:
        return False
    is_secret_data = change.address.startswith("Secret ") and field.path.startswith(".data")
    return is_secret_data or VERSION_ANNOTATION in field.path


def editors_of(live: Mapping[str, Any], owners: Iterable[str]) -> tuple[str, ...]:
    """Return who has changed an object, and when: the owners of its differing fields, else who came after us.

    Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
    """
    entries = [one for one in live["metadata"].get("managedFields", ()) if not one.get("subresource")]
    ours = max((str(one.get("time", "")) for one in entries if one.get("manager") == FIELD_MANAGER), default="")
    named = set(owners)
    last: dict[str, str] = {}
    for one in entries:
        manager, time = str(one.get("manager", "")), str(one.get("time", ""))
        if manager in named or (not named and manager not in _CONTROLLERS and time >= ours):
            last[manager] = max(time, last.get(manager, ""))
    return tuple(f"{manager} at {time}" for manager, time in sorted(last.items()))
