"""Whether an object has to be applied: what the API server says it would become, against what it is.

The desired side is the answer to a server-side apply with `dryRun=All`, so defaults, conversions and the fields of
other managers are on both sides and only our own differences remain. Status, and what the server counts and stamps,
is nobody's desire. Which fields are ours counts too: an object that has the right values by somebody else's hand is
applied once, or a field that we stop rendering later would stay.

What somebody else has set since (a conflict) is theirs: the run stops with the owner's name, and takes it over only
when told to. One field is left to them without a word of complaint, the number of replicas: `kubectl scale` and
autoscalers are meant to change it.

Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from environment.changes import MASK, UNKNOWN, Change, FieldChange, shown
from environment.objects import Manifest, ObjectReference, reference_of

FIELD_MANAGER = "mlops-env"
OWNERSHIP = ".metadata.managedFields"
_STAMPED = frozenset({"managedFields", "resourceVersion", "generation", "creationTimestamp", "uid", "selfLink"})
# Annotations too: kubectl's last-applied-configuration repeats the data.
_SECRET_FIELDS = (".data", ".stringData", ".metadata.annotations")
LEFT_TO_OTHERS = frozenset({".spec.replicas"})
_MANAGER = re.compile(r'^"(?P<manager>[^"]+)"')

Conflicts = Sequence[tuple[str, str]]


def decide(
    desired: Manifest, live: Manifest | None, reference: ObjectReference | None = None, conflicts: Conflicts = ()
) -> Change:
    """Compare what an apply would leave with what is there.

    Args:
        desired: The answer to the dry run.
        live: The object as it is, None where there is none.
        reference: Whose names the change carries; those of `desired` by default.
        conflicts: Pairs of field and owner that stand against the apply.
    """
    resource = reference or reference_of(desired)
    if live is None:
        return created(resource)
    is_secret = desired.get("kind") == "Secret"
    fields = tuple(_masked(change) if is_secret else change for change in changed_fields(live, desired))
    if not fields and our_fields(live) != our_fields(desired):
        fields = (FieldChange(path=OWNERSHIP, after=FIELD_MANAGER),)
    owned = tuple(field.model_copy(update={"owner": owner_of(field.path, conflicts)}) for field in fields)
    return Change(layer="pipelines", action="update" if fields else "noop", address=str(resource), fields=owned)


def created(reference: ObjectReference) -> Change:
    """Return the change that makes an object where there is none."""
    return Change(layer="pipelines", action="create", address=str(reference))


def deleted(reference: ObjectReference) -> Change:
    """Return the change that removes an object."""
    return Change(layer="pipelines", action="delete", address=str(reference))


def replaced(manifest: Manifest, live: Manifest, reference: ObjectReference, immutable: Sequence[str]) -> Change:
    """Return the change of an object that cannot become what the manifest says: it has to be made anew.

    Args:
        manifest: What is wanted; the server has filled in no defaults.
        live: What is there.
        reference: Whose names the change carries.
        immutable: The fields that cannot change, such as ".spec.selector".
    """
    is_secret = manifest.get("kind") == "Secret"
    fields = tuple(
        _masked(field) if is_secret else field
        for field in changed_fields(live, manifest)
        if field.after is not None and any(_touch(field.path, path) for path in immutable)
    )
    return Change(
        layer="pipelines", action="replace", address=str(reference), fields=fields, replace_paths=tuple(immutable)
    )


def refused_change(manifest: Manifest, live: Manifest, reference: ObjectReference) -> Change:
    """Return the change of an object that the server refuses to make together with what others have added to it.

    Without the server's answer the manifest itself is compared, which names no defaults.
    """
    fields = tuple(one for one in changed_fields(live, manifest) if one.after is not None)
    return Change(layer="pipelines", action="update", address=str(reference), fields=masked(manifest, fields))


def masked(manifest: Manifest, fields: Iterable[FieldChange]) -> tuple[FieldChange, ...]:
    """Return fields of an object as they may be shown."""
    return tuple(_masked(field) if manifest.get("kind") == "Secret" else field for field in fields)


def with_new_value(reference: ObjectReference, *, is_there: bool) -> Change:
    """Return the change of a Secret that gets a value which is yet to be made."""
    if not is_there:
        return created(reference)
    data = FieldChange(path=".data", before=MASK, after=UNKNOWN)
    return Change(layer="pipelines", action="update", address=str(reference), fields=(data,))


def owner_of(path: str, conflicts: Conflicts) -> str:
    """Return who else owns a field, by the conflicts that name it, a field around it, or one within it."""
    for field, owner in conflicts:
        if _touch(path, field):
            named = _MANAGER.match(owner)
            return named["manager"] if named else owner
    return ""


def _touch(path: str, other: str) -> bool:
    """Tell whether two fields are the same, or one is within the other."""
    return path == other or path.startswith((f"{other}.", f"{other}[")) or other.startswith((f"{path}.", f"{path}["))


def changed_fields(old: Manifest, new: Manifest) -> tuple[FieldChange, ...]:
    """List the fields in which two objects differ, in stable order; what the server stamps does not count."""
    return tuple(_differences("", _comparable(old), _comparable(new)))


def without_left_fields(manifest: Manifest, conflicts: Conflicts) -> tuple[dict[str, Any], tuple[str, ...]] | None:
    """Take the fields that may be left to others out of a manifest; None when other fields are in conflict too.

    Args:
        manifest: The object that was refused.
        conflicts: Pairs of field and owner.

    Returns:
        What remains, and "FIELD (OWNER)" of each field that was left.
    """
    if not conflicts or any(field not in LEFT_TO_OTHERS for field, _ in conflicts):
        return None
    remaining: dict[str, Any] = dict(manifest)
    for field, _ in conflicts:
        _, parent, name = field.split(".")
        remaining[parent] = {key: value for key, value in remaining[parent].items() if key != name}
    return remaining, tuple(f"{field} ({owner})" for field, owner in conflicts)


def our_fields(manifest: Manifest) -> Any:
    """Return the set of fields that we own by apply: the fieldsV1 of our entry, None without one."""
    for entry in manifest["metadata"].get("managedFields", ()):
        is_apply = entry.get("operation") == "Apply" and not entry.get("subresource")
        if entry.get("manager") == FIELD_MANAGER and is_apply:
            return entry.get("fieldsV1")
    return None


def _comparable(manifest: Manifest) -> dict[str, Any]:
    metadata = {key: value for key, value in manifest["metadata"].items() if key not in _STAMPED}
    rest = {key: value for key, value in manifest.items() if key not in ("metadata", "status", "apiVersion", "kind")}
    return {**rest, "metadata": metadata}


def _differences(path: str, old: Any, new: Any) -> Iterator[FieldChange]:
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from _differences(f"{path}.{key}", old.get(key), new.get(key))
    elif _is_list(old) and _is_list(new):
        yield from _list_differences(path, old, new)
    else:
        yield FieldChange(path=path, before=shown(old), after=shown(new))


def _list_differences(path: str, old: Sequence[Any], new: Sequence[Any]) -> Iterator[FieldChange]:
    """Pair elements by name where they all have one, by position otherwise."""
    if _have_names(old) and _have_names(new):
        before, after = ({one["name"]: one for one in elements} for elements in (old, new))
        for name in [*before, *(name for name in after if name not in before)]:
            yield from _differences(f'{path}[name="{name}"]', before.get(name), after.get(name))
        if before == after:
            # Only their order differs.
            yield FieldChange(path=path, before=shown(list(before)), after=shown(list(after)))
        return
    for index in range(max(len(old), len(new))):
        yield from _differences(f"{path}[{index}]", _at(old, index), _at(new, index))


def _have_names(elements: Sequence[Any]) -> bool:
    names = [one.get("name") for one in elements if isinstance(one, Mapping)]
    return len(names) == len(elements) and all(isinstance(name, str) for name in names) and len({*names}) == len(names)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _at(elements: Sequence[Any], index: int) -> Any:
    return elements[index] if index < len(elements) else None


def _masked(change: FieldChange) -> FieldChange:
    if not change.path.startswith(_SECRET_FIELDS):
        return change
    before, after = (None if value is None else MASK for value in (change.before, change.after))
    return change.model_copy(update={"before": before, "after": after})
