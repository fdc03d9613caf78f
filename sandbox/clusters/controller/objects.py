"""Reads and builds the parts that all Kubernetes objects share: names, owners, labels, conditions, times."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.clusters.controller.resources import Resource

Object = dict[str, Any]

# The letters that Kubernetes uses in generated names: no vowels, so no words.
_SAFE_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


def name_of(obj: Object) -> str:
    """Return the object's name."""
    return str(obj["metadata"]["name"])


def namespace_of(obj: Object) -> str:
    """Return the object's namespace, "" for a cluster-scoped one."""
    return str(obj["metadata"].get("namespace", ""))


def uid_of(obj: Object) -> str:
    """Return the object's uid."""
    return str(obj["metadata"].get("uid", ""))


def key_of(obj: Object) -> tuple[str, str]:
    """Return (namespace, name)."""
    return namespace_of(obj), name_of(obj)


def version_of(obj: Object) -> int:
    """Return the resourceVersion as a number, 0 where there is none."""
    text = str(obj["metadata"].get("resourceVersion", ""))
    return int(text) if text.isdigit() else 0


def labels_of(obj: Object) -> dict[str, str]:
    """Return the object's labels."""
    return obj["metadata"].get("labels") or {}


def annotations_of(obj: Object) -> dict[str, str]:
    """Return the object's annotations."""
    return obj["metadata"].get("annotations") or {}


def is_deleted(obj: Object) -> bool:
    """Say whether the object's deletion has begun."""
    return "deletionTimestamp" in obj["metadata"]


def owners_of(obj: Object) -> list[Object]:
    """Return the object's owner references."""
    return obj["metadata"].get("ownerReferences") or []


def controller_of(obj: Object) -> Object | None:
    """Return the reference to the owner that controls the object."""
    return next((owner for owner in owners_of(obj) if owner.get("controller")), None)


def controller_reference(owner: Object, resource: Resource) -> Object:
    """Return a reference to a controlling owner."""
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "name": name_of(owner),
        "uid": uid_of(owner),
        "controller": True,
        "blockOwnerDeletion": True,
    }


def matches(selector: Object | None, labels: Mapping[str, str]) -> bool:
    """Say whether a LabelSelector selects these labels; an absent one selects nothing, an empty one everything."""
    if selector is None:
        return False
    wanted = selector.get("matchLabels") or {}
    if any(labels.get(name) != value for name, value in wanted.items()):
        return False
    return all(_meets(requirement, labels) for requirement in selector.get("matchExpressions") or [])


def _meets(requirement: Object, labels: Mapping[str, str]) -> bool:
    key, operator, values = requirement["key"], requirement["operator"], requirement.get("values") or []
    if operator == "Exists":
        return key in labels
    if operator == "DoesNotExist":
        return key not in labels
    if operator == "In":
        return labels.get(key) in values
    return labels.get(key) not in values


def condition(obj: Object, kind: str) -> Object | None:
    """Return one of the status' conditions."""
    conditions = obj.get("status", {}).get("conditions") or []
    return next((each for each in conditions if each["type"] == kind), None)


def is_true(obj: Object, kind: str) -> bool:
    """Say whether a condition holds."""
    found = condition(obj, kind)
    return found is not None and found["status"] == "True"


def with_times(new: Iterable[Object], old: Iterable[Object], time_names: tuple[str, ...]) -> list[Object]:
    """Stamp conditions, keeping the times of those that have not changed.

    Args:
        new: The conditions wanted, without times.
        old: Those that the object has.
        time_names: `lastTransitionTime`, kept while the status holds, and those kept only while nothing changes.
    """
    known = {each["type"]: each for each in old}
    return [_with_time(each, known.get(each["type"]), time_names) for each in new]


def _with_time(new: Object, old: Object | None, time_names: tuple[str, ...]) -> Object:
    moment = now()
    times = dict.fromkeys(time_names, moment)
    if old is not None:
        if all(old.get(name) == value for name, value in new.items()):
            return old
        if old["status"] == new["status"] and "lastTransitionTime" in old:
            times["lastTransitionTime"] = old["lastTransitionTime"]
    return {**new, **times}


def now() -> str:
    """Return the present time as the API writes it."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_since(time: str) -> float:
    """Return the age of a time as the API writes it."""
    then = datetime.datetime.fromisoformat(time.replace("Z", "+00:00"))
    return (datetime.datetime.now(datetime.UTC) - then).total_seconds()


def digest(*parts: object) -> str:
    """Return a hash in hexadecimal that is the same in every process."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def short_hash(*parts: object, length: int = 10) -> str:
    """Return a hash in the letters of Kubernetes' generated names."""
    number = int(digest(*parts)[:32], 16)
    letters = []
    for _ in range(length):
        number, index = divmod(number, len(_SAFE_LETTERS))
        letters.append(_SAFE_LETTERS[index])
    return "".join(letters)


def spread(low: float, high: float, *parts: object) -> float:
    """Return a number between two others that depends on the parts alone."""
    return low + (high - low) * (int(digest(*parts)[:8], 16) / 0xFFFFFFFF)
