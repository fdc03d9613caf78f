"""Server-side apply and the tracking of updates: pure functions on whole objects.

Follows sigs.k8s.io/structured-merge-diff v4 (package `merge`) and k8s.io/apimachinery's managedfields of 1.33. What
differs: fields that a manager owns in another API version of the kind are compared in the present one, without
conversion; the upgrade of kubectl's client-side apply (`last-applied-configuration`) is not done. Who fills in defaults
or otherwise changes what these functions return, calls `managers.keep_times` again.
"""

from __future__ import annotations

from typing import Any

from sandbox.kubernetes.comparison import compare, has_exact_types
from sandbox.kubernetes.conflicts import ApplyConflict, ApplyError, Conflict
from sandbox.kubernetes.empty import empty_object
from sandbox.kubernetes.fields import Fields, from_paths
from sandbox.kubernetes.managers import Managed, Manager, Owned, cap_updates, decode_managed, encode_managed, keep_times
from sandbox.kubernetes.merge import fields_of, merge, remove, same
from sandbox.kubernetes.reconcile import reconcile
from sandbox.kubernetes.roundtrip import DecodeError, as_written
from sandbox.kubernetes.typecheck import check_typed
from sandbox.kubernetes.types import Schema
from sandbox.kubernetes.validation import coerce_metadata, set_defaults

__all__ = ["STATUS_IGNORES", "ApplyConflict", "ApplyError", "Conflict", "apply", "record_update"]

BEFORE_FIRST_APPLY = "before-first-apply"
STRIPPED = from_paths(
    ("apiVersion",),
    ("kind",),
    ("metadata",),
    *(
        ("metadata", name)
        for name in (
            "name",
            "namespace",
            "creationTimestamp",
            "selfLink",
            "uid",
            "clusterName",
            "generation",
            "managedFields",
            "resourceVersion",
        )
    ),
)
# What a kind's status subresource ignores beside its spec (the registries' GetResetFields).
STATUS_IGNORES: dict[str, tuple[tuple[str, ...], ...]] = {
    "Deployment": (("metadata", "labels"),),
    "Pod": (("metadata", "deletionTimestamp"), ("metadata", "ownerReferences")),
    "CustomResourceDefinition": (("metadata",),),
}


def apply(
    live: dict[str, Any] | None,
    applied: dict[str, Any],
    schema: Schema,
    *,
    manager: str,
    force: bool,
    now: str,
    subresource: str = "",
) -> dict[str, Any]:
    """Apply a configuration and return the merged object, defaults and managedFields included.

    Args:
        live: the stored object, None if it is created by this.
        applied: the configuration, with apiVersion and kind.
        manager: the field manager's name.
        force: take the fields that others own.
        now: the time to record, as 2026-01-31T12:00:00Z.
        subresource: "status" or "".

    Raises:
        ApplyConflict: others own fields that would change.
        ApplyError: the configuration is not of its type.
    """
    _check_applied(applied, schema)
    current = _without_managed(live) if live is not None else empty_object(applied, schema)
    ignored = _ignored(applied, schema, subresource)
    version = str(applied.get("apiVersion", ""))
    managed = _tracked(live)
    if not managed and live is not None:
        managed = _before_first_apply(current, schema, version, ignored, now, subresource)
    managed = {key: owned.owning(reconcile(owned.fields, schema)) for key, owned in managed.items()}
    me = Manager(manager or "unknown", "Apply", "", subresource)
    last = managed.get(me)
    mine = fields_of(applied, schema).without(ignored)
    managed[me] = Owned(mine, version, last.time if last else None)
    merged = _prune(merge(current, applied, schema), managed, last.fields if last else None, schema)
    is_changed = not same(merged, current, exact=has_exact_types(schema))
    if is_changed:
        managed = _take(current, merged, managed, me, schema, ignored, force=force)
        current = set_defaults(_converted(merged, schema), schema)
    managed = _own(managed, me, mine.difference(STRIPPED), last, now if is_changed else None)
    return keep_times(live, _with_managed(current, managed))


def record_update(
    live: dict[str, Any] | None,
    new: dict[str, Any],
    schema: Schema,
    *,
    manager: str,
    now: str,
    subresource: str = "",
) -> dict[str, Any]:
    """Return the new object of a create, update or patch with managedFields: what changed belongs to the manager now.

    `new` may carry managedFields of its own, which then count (an empty list resets them, as with the real server).
    """
    managed, obj = _sent_managed(live, new, subresource), _written(_without_managed(new), schema)
    if not managed and live is not None:
        return _with_managed(obj, {})
    current = _without_managed(live) if live is not None else empty_object(new, schema)
    ignored = _ignored(new, schema, subresource)
    me = Manager(manager or "unknown", "Update", str(new.get("apiVersion", "")), subresource)
    managed = _update(current, obj, schema, managed, me, ignored, now)
    return keep_times(live, _with_managed(obj, cap_updates(managed)))


# --- the steps -------------------------------------------------------------------------------------------------


def _check_applied(applied: dict[str, Any], schema: Schema) -> None:
    metadata = applied.get("metadata")
    if isinstance(metadata, dict) and metadata.get("managedFields") is not None:
        raise ApplyError("metadata.managedFields must be nil", 400)
    problems = check_typed(applied, schema)
    if problems:
        text = problems[0] if len(problems) == 1 else "errors:\n" + "\n".join(f"  {problem}" for problem in problems)
        raise ApplyError(f"failed to create typed patch object ({describe(applied)}): {text}", 500)


def describe(obj: dict[str, Any]) -> str:
    """Name an object as the server's messages do: `NAMESPACE/NAME; VERSION, Kind=KIND`."""
    metadata, version = obj.get("metadata") or {}, str(obj.get("apiVersion", ""))
    version = version if "/" in version else f"/{version}"
    return f"{metadata.get('namespace', '')}/{metadata.get('name', '')}; {version}, Kind={obj.get('kind')}"


def _before_first_apply(
    live: dict[str, Any], schema: Schema, version: str, ignored: Fields, now: str, subresource: str
) -> Managed:
    """Give all that is there to a manager of its own: the object has never been tracked."""
    me = Manager(BEFORE_FIRST_APPLY, "Update", version, subresource)
    return _update(empty_object(live, schema), live, schema, {}, me, ignored, now)


def _update(
    live: dict[str, Any], new: dict[str, Any], schema: Schema, managed: Managed, me: Manager, ignored: Fields, now: str
) -> Managed:
    managed = {key: owned.owning(reconcile(owned.fields, schema)) for key, owned in managed.items()}
    comparison = compare(live, new, schema).without(ignored)
    changed = comparison.modified.union(comparison.added)
    lost = changed.union(comparison.removed)
    if lost:
        managed = {key: owned.owning(owned.fields.difference(lost)) for key, owned in managed.items()}
    managed = {key: owned for key, owned in managed.items() if owned.fields}
    mine = changed.difference(STRIPPED)
    if mine:
        previous = managed.get(me)
        managed[me] = Owned(mine.union(previous.fields) if previous else mine, me.api_version, now)
    return managed


def _prune(merged: dict[str, Any], managed: Managed, last: Fields | None, schema: Schema) -> dict[str, Any]:
    """Remove what the applier set last time and nobody sets now."""
    if not last:
        return merged
    owned = Fields()
    for entry in managed.values():
        owned = owned.union(entry.fields)
    if last.is_subset(owned):
        return merged
    everything = fields_of(merged, schema).with_named(schema)
    last = last.with_named(schema)
    kept = fields_of(remove(merged, last, schema), schema).with_named(schema)
    # First what others own is put back, then what nobody owned: only what was the applier's goes.
    pruned = remove(merged, everything.difference(kept.union(owned.with_named(schema))), schema)
    left = fields_of(pruned, schema).with_named(schema)
    result: dict[str, Any] = remove(merged, everything.difference(left).intersection(last), schema)
    return result


def _take(
    live: dict[str, Any],
    merged: dict[str, Any],
    managed: Managed,
    me: Manager,
    schema: Schema,
    ignored: Fields,
    *,
    force: bool,
) -> Managed:
    """Move what changes to the applier, or raise the conflicts."""
    comparison = compare(live, merged, schema).without(ignored)
    changed = comparison.modified.union(comparison.added)
    taken = {key: owned.fields.intersection(changed) for key, owned in managed.items() if key != me}
    if not force and any(taken.values()):
        conflicts = [
            Conflict(key.text, path)
            for key in sorted(taken, key=lambda manager: manager.identifier)
            for path in taken[key].paths()
        ]
        raise ApplyConflict(conflicts)
    lost = changed.union(comparison.removed)
    remaining = {
        key: owned if key == me else owned.owning(owned.fields.difference(lost)) for key, owned in managed.items()
    }
    return {key: owned for key, owned in remaining.items() if owned.fields}


def _own(managed: Managed, me: Manager, fields: Fields, last: Owned | None, now: str | None) -> Managed:
    """Record what the applier owns; an apply without effect leaves its time, and a new applier without one."""
    mine = managed.pop(me, None)
    if mine is None or not fields:
        return managed
    is_same = last is not None and last.fields == fields and last.api_version == mine.api_version
    owned = last if is_same and last is not None else mine.owning(fields)
    return {**managed, me: owned._replace(time=now) if now else owned}


def _ignored(obj: dict[str, Any], schema: Schema, subresource: str) -> Fields:
    if subresource == "status":
        return from_paths(("spec",), *STATUS_IGNORES.get(str(obj.get("kind")), ()))
    return from_paths(("status",)) if schema.has_status else Fields()


def _tracked(live: dict[str, Any] | None) -> Managed:
    if live is None:
        return {}
    try:
        return decode_managed((live.get("metadata") or {}).get("managedFields"))
    except ValueError as error:
        raise ApplyError(f"failed to decode managed fields: {error}", 500) from error


def _sent_managed(live: dict[str, Any] | None, new: dict[str, Any], subresource: str) -> Managed:
    """Return the ownership to start from: the request's if it is readable, else the live object's."""
    sent = (new.get("metadata") or {}).get("managedFields")
    if not subresource:
        if sent is not None and (sent == [] or sent == [{}]):
            return {}
        try:
            managed = decode_managed(sent)
        except ValueError:
            managed = {}
        if managed:
            return managed
    try:
        return decode_managed(((live or {}).get("metadata") or {}).get("managedFields"))
    except ValueError:
        return {}


def _converted(merged: dict[str, Any], schema: Schema) -> dict[str, Any]:
    try:
        return _written(merged, schema)
    except DecodeError as error:
        kind = describe(merged).partition("; ")[2]
        problem = f"failed to convert new object ({describe(merged)}) to proper version: unable to convert"
        raise ApplyError(f"{problem} unstructured object to {kind}: {error}", 500) from error


def _written(obj: dict[str, Any], schema: Schema) -> dict[str, Any]:
    return as_written(obj, schema) if schema.is_builtin else coerce_metadata(obj, schema)


def _without_managed(obj: dict[str, Any]) -> dict[str, Any]:
    metadata = obj.get("metadata")
    if not isinstance(metadata, dict) or "managedFields" not in metadata:
        return obj
    return {**obj, "metadata": {key: value for key, value in metadata.items() if key != "managedFields"}}


def _with_managed(obj: dict[str, Any], managed: Managed) -> dict[str, Any]:
    if not managed:
        return obj
    return {**obj, "metadata": {**(obj.get("metadata") or {}), "managedFields": encode_managed(managed)}}
