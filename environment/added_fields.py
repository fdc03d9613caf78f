"""What others have added to an object and the manifest says nothing about: a container, a port, a variable, a key.

Server-side apply leaves such fields alone: they are not ours. managedFields tell whose they are. To take them out, they
are first made ours there, in one step that changes nothing else; the next apply, which does not name them, removes
them together with all else that it changes. So the object is never in between, with both ports or with none.

Labels and annotations of the object itself are everybody's. So are the number of replicas, and the annotation by which
`kubectl rollout restart` restarts pods.

Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/#transferring-ownership,
sigs.k8s.io/structured-merge-diff/v4/fieldpath (the keys of fieldsV1)
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from environment.changes import FieldChange, shown
from environment.made_elsewhere import MADE_AT_RUN_TIME
from environment.object_changes import FIELD_MANAGER, LEFT_TO_OTHERS
from environment.objects import Manifest

CONTROLLERS = frozenset(
    {
        FIELD_MANAGER,
        "cloud-controller-manager",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "kubelet",
    }
)
_EVERYBODYS = frozenset({"f:metadata", "f:status"})
_RESTARTED = "kubectl.kubernetes.io/restartedAt"
_FILLED_AT_RUN_TIME = frozenset((one.kind, one.name) for one in MADE_AT_RUN_TIME)
_NOTHING = object()


@dataclass(frozen=True)
class AddedField:
    """One field, or all below it: `steps` are its keys in fieldsV1, `entry` the position of its owner's entry."""

    entry: int
    steps: tuple[str, ...]
    change: FieldChange


def added_fields(manifest: Manifest, live: Manifest) -> tuple[AddedField, ...]:
    """List what others own and the manifest does not name; no entry of a controller counts."""
    if (manifest["kind"], manifest["metadata"]["name"]) in _FILLED_AT_RUN_TIME:
        return ()
    found: dict[tuple[str, ...], AddedField] = {}
    for position, entry in enumerate(live["metadata"].get("managedFields", ())):
        owner = str(entry.get("manager", ""))
        if owner in CONTROLLERS or entry.get("subresource"):
            continue
        tree = {step: below for step, below in (entry.get("fieldsV1") or {}).items() if step not in _EVERYBODYS}
        for steps, path, value in _added(tree, manifest, live, (), ""):
            if path not in LEFT_TO_OTHERS and not path.endswith(_RESTARTED):
                change = FieldChange(path=path, before=shown(value), owner=owner)
                found.setdefault(steps, AddedField(position, steps, change))
    return tuple(found.values())


def _added(
    tree: Mapping[str, Any], wanted: Any, live: Any, steps: tuple[str, ...], path: str
) -> Iterator[tuple[tuple[str, ...], str, Any]]:
    for step, below in tree.items():
        value, place = _at(live, step)
        if step == "." or value is _NOTHING:
            continue
        ours, _ = _at(wanted, step)
        if ours is _NOTHING:
            yield (*steps, step), path + place, value
        elif below:
            yield from _added(below, ours, value, (*steps, step), path + place)


def _at(value: Any, step: str) -> tuple[Any, str]:
    """Return what a key of fieldsV1 leads to, and how a path writes it."""
    kind, _, name = step.partition(":")
    if kind == "f" and isinstance(value, Mapping):
        return value.get(name, _NOTHING), f".{name}"
    if kind in ("k", "v") and isinstance(value, Sequence) and not isinstance(value, str):
        return _element(value, kind, json.loads(name))
    return _NOTHING, ""


def _element(elements: Sequence[Any], kind: str, key: Any) -> tuple[Any, str]:
    """Find an element by its value, or by its keys: what a manifest leaves out of those is a default."""
    for index, one in enumerate(elements):
        if kind == "v":
            is_it = one == key
        else:
            is_it = isinstance(one, Mapping) and all(one.get(name, value) == value for name, value in key.items())
        if is_it:
            return one, f'[name="{one["name"]}"]' if kind == "k" and "name" in one else f"[{index}]"
    return _NOTHING, ""


def taken_over(live: Manifest, added: Iterable[AddedField]) -> list[dict[str, Any]]:
    """Return the object's managedFields with the added fields in our entry, and in nobody else's."""
    entries: list[dict[str, Any]] = copy.deepcopy(list(live["metadata"].get("managedFields", ())))
    ours = next((one for one in entries if one.get("manager") == FIELD_MANAGER and one["operation"] == "Apply"), None)
    if ours is None:
        return entries
    for field in added:
        for entry in entries:
            if entry is not ours and not entry.get("subresource"):
                _move(entry.get("fieldsV1") or {}, ours["fieldsV1"], field.steps)
    return [one for one in entries if one.get("fieldsV1")]


def _move(theirs: dict[str, Any], ours: dict[str, Any], steps: Sequence[str]) -> None:
    first, *rest = steps
    if first not in theirs:
        return
    if rest:
        _move(theirs[first], ours.setdefault(first, {}), rest)
        if not {*theirs[first]} - {"."}:
            del theirs[first]
    else:
        ours[first] = _union(ours.get(first, {}), theirs.pop(first))


def _union(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    return {step: _union(one.get(step, {}), other.get(step, {})) for step in {**one, **other}}
