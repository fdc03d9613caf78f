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

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from environment.objects import Manifest, ObjectReference, reference_of

FIELD_MANAGER = "mlops-env"
MASK = "(secret)"
OWNERSHIP = ".metadata.managedFields"
_STAMPED = frozenset({"managedFields", "resourceVersion", "generation", "creationTimestamp", "uid", "selfLink"})
# Annotations too: kubectl's last-applied-configuration repeats the data.
_SECRET_FIELDS = (".data", ".stringData", ".metadata.annotations")
_TEXT_LIMIT = 200
LEFT_TO_OTHERS = frozenset({".spec.replicas"})

Action = Literal["create", "update", "delete", "unchanged"]


class FieldChange(BaseModel):
    """One field that changes; None stands for absent. The values of Secrets are masked, long ones cut."""

    model_config = ConfigDict(frozen=True)

    path: str
    old: str | None
    new: str | None


class ObjectChange(BaseModel):
    """What has to happen to one object: `resource` is "Kind namespace/name", `left` names fields left to others."""

    model_config = ConfigDict(frozen=True)

    action: Action
    resource: str
    fields: tuple[FieldChange, ...] = ()
    left: tuple[str, ...] = ()

    @property
    def is_noop(self) -> bool:
        """Tell whether nothing has to happen."""
        return self.action == "unchanged"

    def __str__(self) -> str:
        return f"{self.action} {self.resource}"

    def explain(self) -> str:
        """Return one line that names the first changed fields as well."""
        paths = [field.path for field in self.fields]
        more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
        return f"{self}: {', '.join(paths[:3])}{more}" if paths else str(self)


def decide(desired: Manifest, live: Manifest | None, reference: ObjectReference | None = None) -> ObjectChange:
    """Compare what an apply would leave with what is there.

    Args:
        desired: The answer to the dry run.
        live: The object as it is, None where there is none.
        reference: Whose names the change carries; those of `desired` by default.
    """
    resource = str(reference or reference_of(desired))
    if live is None:
        return ObjectChange(action="create", resource=resource)
    is_secret = desired.get("kind") == "Secret"
    fields = tuple(_masked(change) if is_secret else change for change in changed_fields(live, desired))
    if not fields and our_fields(live) != our_fields(desired):
        fields = (FieldChange(path=OWNERSHIP, old=None, new=FIELD_MANAGER),)
    return ObjectChange(action="update" if fields else "unchanged", resource=resource, fields=fields)


def changed_fields(old: Manifest, new: Manifest) -> tuple[FieldChange, ...]:
    """List the fields in which two objects differ, in stable order; what the server stamps does not count."""
    return tuple(_differences("", _comparable(old), _comparable(new)))


def without_left_fields(
    manifest: Manifest, conflicts: Sequence[tuple[str, str]]
) -> tuple[dict[str, Any], tuple[str, ...]] | None:
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
        yield FieldChange(path=path, old=_text(old), new=_text(new))


def _list_differences(path: str, old: Sequence[Any], new: Sequence[Any]) -> Iterator[FieldChange]:
    """Pair elements by name where they all have one, by position otherwise."""
    if _have_names(old) and _have_names(new):
        before, after = ({one["name"]: one for one in elements} for elements in (old, new))
        for name in [*before, *(name for name in after if name not in before)]:
            yield from _differences(f'{path}[name="{name}"]', before.get(name), after.get(name))
        if before == after:
            yield FieldChange(path=path, old=_text(list(before)), new=_text(list(after)))  # only their order differs
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


def _text(value: Any) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return text if len(text) <= _TEXT_LIMIT else f"{text[:_TEXT_LIMIT]}…"


def _masked(change: FieldChange) -> FieldChange:
    if not change.path.startswith(_SECRET_FIELDS):
        return change
    old, new = (None if value is None else MASK for value in (change.old, change.new))
    return FieldChange(path=change.path, old=old, new=new)
