"""What would change, or has changed: one small frozen value for all three layers.

A change names its layer, what happens, to which address, and which fields: `before` and `after` of each, with secrets
masked where the change is made, so that nothing that holds one can show them. A plan is an ordered list of changes;
an empty one is a noop.

What is made or deleted as a whole has no fields. Only changes that are in the plan of a layer are here: what makes them
is `services` for the first layer, `terraform_plan` for the second, `object_changes` for the third.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

Layer = Literal["services", "infrastructure", "pipelines"]
Action = Literal["enable", "create", "update", "replace", "delete", "disable", "forget", "move", "import", "noop"]
"""`disable` is of versions of secrets: they are kept, and can be enabled again. `forget`, `move` and `import` are
Terraform's: the resource stays as it is, the state changes."""

Value = bool | int | float | str | None
SERVICES: Layer = "services"
INFRASTRUCTURE: Layer = "infrastructure"
PIPELINES: Layer = "pipelines"
LAYERS: tuple[Layer, ...] = get_args(Layer)
MASK = "(secret)"
UNKNOWN = "(known after apply)"
_TEXT_LIMIT = 200


class FieldChange(BaseModel):
    """One field that changes; None stands for absent, lists and objects are JSON texts, long texts are cut.

    `owner` is who else has set the field since we did, as Kubernetes knows it: "kubectl-edit".
    """

    model_config = ConfigDict(frozen=True)

    path: str
    before: Value = None
    after: Value = None
    owner: str = ""

    def __str__(self) -> str:
        """Return "path: before → after"."""
        owner = f" (set by {self.owner})" if self.owner else ""
        return f"{self.path}: {text_of(self.before)} → {text_of(self.after)}{owner}"


class Change(BaseModel):
    """What happens to one thing.

    Attributes:
        address: "container.googleapis.com"; "module.cluster.google_container_cluster.this", and outside of Terraform
            "bucket NAME" or "user root@% of INSTANCE"; "Deployment kubeflow/ml-pipeline".
        replace_paths: The fields that force a replacement.
        reason: Terraform's own word for why, such as "replace_because_tainted".
        left: "FIELD (OWNER)" of fields that are left to others.
        added: Fields that others have added to an object; only a run that takes over what is theirs takes them out.
        is_protected: Whether deletion protection is on: Terraform, or the cloud, then refuses to delete it.
    """

    model_config = ConfigDict(frozen=True)

    layer: Layer
    action: Action
    address: str
    fields: tuple[FieldChange, ...] = ()
    replace_paths: tuple[str, ...] = ()
    reason: str = ""
    left: tuple[str, ...] = ()
    added: tuple[FieldChange, ...] = Field(default=(), exclude=True)
    is_protected: bool = Field(default=False, exclude=True)

    @property
    def is_noop(self) -> bool:
        """Tell whether nothing happens."""
        return self.action == "noop"

    @property
    def takes_away(self) -> bool:
        """Tell whether what is there now will be no more."""
        return self.action in ("replace", "delete")

    @property
    def owners(self) -> tuple[str, ...]:
        """Who else has set the fields that change, or has added some."""
        return tuple(sorted({field.owner for field in (*self.fields, *self.added) if field.owner}))

    def __str__(self) -> str:
        """Return "action address"."""
        return f"{self.action} {self.address}"

    def explain(self) -> str:
        """Return one line that names the first changed fields as well."""
        paths = [field.path for field in self.fields]
        more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
        return f"{self}: {', '.join(paths[:3])}{more}" if paths else str(self)


def taking_out(change: Change) -> Change:
    """Return the change as a run makes it that takes over what is others': what they added is among its fields."""
    if not change.added or change.action not in ("noop", "update"):
        return change
    fields = (*change.fields, *change.added)
    return change.model_copy(update={"action": "update", "fields": fields, "added": ()})


def ordered(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return the changes layer by layer, in each by address; what is a noop is left out."""
    found = (change for change in changes if not change.is_noop)
    return tuple(sorted(found, key=lambda one: (LAYERS.index(one.layer), one.address, one.action)))


def with_text(changes: Iterable[Change], old: str, new: str) -> tuple[Change, ...]:
    """Return the changes with a text in their fields' values replaced."""

    def put(value: Value) -> Value:
        return value.replace(old, new) if isinstance(value, str) else value

    def field_with(field: FieldChange) -> FieldChange:
        return field.model_copy(update={"before": put(field.before), "after": put(field.after)})

    return tuple(one.model_copy(update={"fields": tuple(map(field_with, one.fields))}) for one in changes)


def of_layer(changes: Iterable[Change], layer: Layer) -> tuple[Change, ...]:
    """Return the changes of one layer, in the given order."""
    return tuple(change for change in changes if change.layer == layer)


def describe_plan(changes: Iterable[Change]) -> str:
    """Say it as a final state's message: "No changes", "1 change", "3 changes"."""
    count = len(tuple(changes))
    if count == 0:
        return "No changes"
    return "1 change" if count == 1 else f"{count} changes"


def count_actions(changes: Iterable[Change]) -> str:
    """Say how many of each there are: "48 to create, 1 to update"."""
    counts = Counter(change.action for change in changes)
    return ", ".join(f"{counts[action]} to {action}" for action in get_args(Action) if action in counts)


def shown(value: Any) -> Value:
    """Return a value as a FieldChange holds it."""
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return text if len(text) <= _TEXT_LIMIT else f"{text[:_TEXT_LIMIT]}…"


def text_of(value: Value) -> str:
    """Return a value for people to read."""
    if value is None:
        return "(absent)"
    return value if isinstance(value, str) and value else json.dumps(value)
