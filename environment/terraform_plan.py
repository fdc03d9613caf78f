"""What a saved plan says, from `terraform show -json PLAN`: changes, what was changed outside, outputs to come.

Values that Terraform marks as sensitive are masked here, on both sides; what it will know only later is UNKNOWN.

Source: https://developer.hashicorp.com/terraform/internals/json-format, "Plan Representation"
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from environment.authors import place_of
from environment.changes import MASK, UNKNOWN, Action, Change, FieldChange, ordered, shown
from environment.infrastructure import Infrastructure, parse_outputs
from environment.names import ROOT_USER

PlanDocument = Mapping[str, Any]

CLUSTER = "google_container_cluster"
DATABASE = "google_sql_database_instance"

_ACTIONS: dict[tuple[str, ...], Action] = {
    ("no-op",): "noop",
    ("read",): "noop",
    ("create",): "create",
    ("update",): "update",
    ("delete",): "delete",
    ("forget",): "forget",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
    ("create", "forget"): "replace",
}
_OF_ENDPOINT = ("master_authorized_networks_config", "private_cluster_config")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class InfrastructurePlan(BaseModel):
    """What Terraform would do.

    Attributes:
        changes: What it would change.
        outside: What others have changed since the state was written; some of it is undone by `changes`.
        places: Where operations on those are to be found, by address; only of APIs that name an operation's user.
        infrastructure: The outputs as they will be, None while one of them is not known yet.
    """

    model_config = ConfigDict(frozen=True)

    changes: tuple[Change, ...]
    outside: tuple[Change, ...] = ()
    places: dict[str, str] = {}
    infrastructure: Infrastructure | None = None

    def makes_anew(self, resource_type: str) -> bool:
        """Tell whether a resource of this type is made, or made again: nothing is in the new one yet."""
        named = re.compile(rf"(^|\.){re.escape(resource_type)}\.")
        return any(one.action in ("create", "replace") and named.search(one.address) for one in self.changes)

    @property
    def opens_endpoint(self) -> bool:
        """Tell whether it changes who reaches the cluster: until that is done, it may not answer."""
        return any(
            field.path.partition("[")[0] in _OF_ENDPOINT
            for one in self.changes
            if one.action == "update" and re.search(rf"(^|\.){CLUSTER}\.", one.address)
            for field in one.fields
        )

    @property
    def renames_database(self) -> bool:
        """Tell whether the database makes way for one with another name: its own stays taken for a week."""
        named = re.compile(rf"(^|\.){re.escape(DATABASE)}\.")
        replaced = (one for one in self.changes if one.action == "replace" and named.search(one.address))
        return any(one.reason != "replace_because_tainted" for one in replaced)


def parse_plan(document: PlanDocument) -> InfrastructurePlan:
    """Take from a plan what we go by."""
    return InfrastructurePlan(
        changes=infrastructure_changes(document),
        outside=changed_outside(document),
        places=_places(document),
        infrastructure=planned_infrastructure(document),
    )


def infrastructure_changes(document: PlanDocument) -> tuple[Change, ...]:
    """List what the plan will change, by address.

    A plan that changes nothing but outputs, as after a release that adds one, lists those as "output.NAME".
    """
    changes = ordered(map(_resource_change, document.get("resource_changes") or ()))
    if changes:
        return changes
    outputs: Mapping[str, Any] = document.get("output_changes") or {}
    return ordered(_change(f"output.{name}", change) for name, change in outputs.items())


def changed_outside(document: PlanDocument) -> tuple[Change, ...]:
    """List what others have changed since the state was written, as far as the plan has looked.

    `before` is what the state holds, `after` what is there now.
    """
    return ordered(map(_resource_change, document.get("resource_drift") or ()))


def _places(document: PlanDocument) -> dict[str, str]:
    drifted = document.get("resource_drift") or ()
    found = {one["address"]: place_of(one["type"], one["change"].get("before") or {}) for one in drifted}
    return {address: place for address, place in found.items() if place}


def planned_infrastructure(document: PlanDocument) -> Infrastructure | None:
    """Return the outputs as they will be, None while one of them is not known yet."""
    outputs: Mapping[str, Any] = (document.get("planned_values") or {}).get("outputs") or {}
    try:
        return parse_outputs(dict(outputs)) if outputs else None
    except (KeyError, ValidationError):
        return None


def bucket_change(name: str) -> Change:
    """Return the change that makes the bucket of the state: it is there before Terraform is."""
    return Change(layer="infrastructure", action="create", address=f"bucket {name}")


def root_user_change(action: Action, instance: str, user: str = ROOT_USER) -> Change:
    """Return the change of the database's root user, whom Terraform does not know: it would keep the password.

    In an instance that is not ours it is another user.
    """
    return Change(layer="infrastructure", action=action, address=f"user {user}@% of {instance}")


def attribute_path(steps: Iterable[str | int]) -> str:
    """Write the steps to an attribute as Terraform's language does: `settings[0].user_labels["goog-x"]`."""
    path = ""
    for step in steps:
        if isinstance(step, str) and _IDENTIFIER.fullmatch(step):
            path += f".{step}" if path else step
        else:
            path += f"[{step}]" if isinstance(step, int) else f'["{step}"]'
    return path


def _resource_change(entry: Mapping[str, Any]) -> Change:
    deposed = f" (deposed {entry['deposed']})" if entry.get("deposed") else ""
    change = _change(f"{entry['address']}{deposed}", entry["change"], entry.get("action_reason") or "")
    if not change.is_noop or entry.get("mode") == "data":
        return change
    if previous := entry.get("previous_address"):
        moved = FieldChange(path="address", before=previous, after=entry["address"])
        return change.model_copy(update={"action": "move", "fields": (moved,)})
    return change.model_copy(update={"action": "import"}) if entry["change"].get("importing") else change


def _change(address: str, change: Mapping[str, Any], reason: str = "") -> Change:
    action = _ACTIONS[tuple(change["actions"])]
    forcing = tuple(tuple(steps) for steps in change.get("replace_paths") or ())
    fields = tuple(_fields(change, action, forcing)) if action in ("update", "replace") else ()
    return Change(
        layer="infrastructure",
        action=action,
        address=address,
        fields=fields,
        replace_paths=tuple(map(attribute_path, forcing)),
        reason=reason,
        is_protected=_is_protected(change.get("before")),
    )


def _is_protected(before: Any) -> bool:
    """Tell whether deletion protection is on: Terraform's own setting, or that of Cloud SQL."""
    values: Mapping[str, Any] = before if isinstance(before, Mapping) else {}
    settings = values.get("settings")
    inner = settings[0] if isinstance(settings, list) and settings and isinstance(settings[0], Mapping) else {}
    return values.get("deletion_protection") is True or inner.get("deletion_protection_enabled") is True


Steps = tuple[str | int, ...]


@dataclass(frozen=True)
class _Marked:
    """A value with its marks; both are true, false, or of the shape of the value."""

    value: Any
    sensitive: Any
    unknown: Any = False

    def at(self, step: str | int) -> _Marked:
        return _Marked(_at(self.value, step), _at(self.sensitive, step), _at(self.unknown, step))

    @property
    def is_nothing(self) -> bool:
        """Tell whether there is nothing: providers do not tell null from empty."""
        return self.value in (None, "", [], {}) and not _has_mark(self.unknown)

    def reveal(self) -> Any:
        """Return the value as it may be shown."""
        if self.unknown is True:
            return UNKNOWN
        if self.sensitive is True:
            return None if self.value is None else MASK
        if isinstance(self.value, Mapping):
            return {key: self.at(key).reveal() for key in self.value}
        if isinstance(self.value, list):
            return [self.at(index).reveal() for index in range(len(self.value))]
        return self.value


def _fields(change: Mapping[str, Any], action: Action, forcing: Sequence[Steps]) -> Iterator[FieldChange]:
    before = _Marked(change.get("before"), change.get("before_sensitive", False))
    after = _Marked(change.get("after"), change.get("after_sensitive", False), change.get("after_unknown", False))
    for steps, old, new in _differences((), before, after):
        # A replacement makes all that Google sets unknown; only what forces it is news.
        if action == "replace" and new.unknown is True and not any(_meet(steps, force) for force in forcing):
            continue
        yield FieldChange(path=attribute_path(steps), before=shown(old.reveal()), after=shown(new.reveal()))


def _differences(steps: Steps, old: _Marked, new: _Marked) -> Iterator[tuple[Steps, _Marked, _Marked]]:
    if new.unknown is True:
        yield steps, old, new
        return
    is_same = old.value == new.value and not _has_mark(new.unknown)
    if is_same or (old.is_nothing and new.is_nothing):
        return
    if old.sensitive is True or new.sensitive is True:
        yield steps, _Marked(old.value, True), _Marked(new.value, True)
        return
    below = _steps_below(old.value, new.value, new.unknown)
    if below is None:
        yield steps, old, new
        return
    for step in below:
        yield from _differences((*steps, step), old.at(step), new.at(step))


def _steps_below(old: Any, new: Any, unknown: Any) -> Sequence[str | int] | None:
    """Return the keys or the positions that two values have; None where they are not of one kind."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return sorted({*old, *new, *(unknown if isinstance(unknown, Mapping) else ())})
    if isinstance(old, list) and isinstance(new, list):
        return range(max(len(old), len(new), len(unknown) if isinstance(unknown, list) else 0))
    return None


def _at(value: Any, step: str | int) -> Any:
    if value is True:
        return True
    if isinstance(value, Mapping):
        return value.get(step)
    return value[step] if isinstance(value, list) and isinstance(step, int) and step < len(value) else None


def _has_mark(marks: Any) -> bool:
    if isinstance(marks, Mapping):
        return any(map(_has_mark, marks.values()))
    return any(map(_has_mark, marks)) if isinstance(marks, list) else marks is True


def _meet(steps: Steps, other: Steps) -> bool:
    """Tell whether one of two paths leads through the other."""
    length = min(len(steps), len(other))
    return steps[:length] == other[:length]
