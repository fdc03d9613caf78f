"""What differs from the spec although nobody ran us: found, put into one of two classes, and told apart from noise.

"changed outside" is what others did to the cloud or the cluster since the last create; "pending change" is what the
spec, the modules or the manifests ask for and no create has done yet. Terraform tells them apart (what its refresh
found against what it would change), services and objects by the record of the last create and by managedFields.

Expected is what the last create left, or the spec asks for; actual is what is there now. Secrets are masked before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from environment.changes import LAYERS, UNKNOWN, Change, FieldChange, Layer, Value, text_of
from environment.errors import SpecError
from environment.object_changes import FIELD_MANAGER, OWNERSHIP
from environment.pipeline_secrets import VERSION_ANNOTATION
from environment.services import service_changes
from environment.terraform_plan import InfrastructurePlan

Kind = Literal["changed outside", "pending change"]
Condition = Literal["changed", "missing", "extra"]
OUTSIDE: Kind = "changed outside"
PENDING: Kind = "pending change"
SECRET_MANAGER = "secret "  # addresses of Secret Manager's secrets begin so; those of objects have their kind
_CONTROLLERS = frozenset({FIELD_MANAGER, "kube-controller-manager", "kubelet", "kube-scheduler"})


class DriftField(BaseModel):
    """One field that is not as expected; `by` is who owns it now, where Kubernetes knows it."""

    model_config = ConfigDict(frozen=True)

    path: str
    expected: Value = None
    actual: Value = None
    by: str = ""

    def __str__(self) -> str:
        """Return "path: expected E, is A"."""
        return f"{self.path}: expected {text_of(self.expected)}, is {text_of(self.actual)}"


class Drift(BaseModel):
    """One thing that is not as expected.

    Attributes:
        by: Who did it and when, as far as managedFields tell: "kubectl-edit at 2026-01-31T12:00:00Z".
        is_undone: Whether create would put it back. What the spec says nothing about stays as others set it.
        note: What else is to be known, such as a rule that has ignored it until it expired.
    """

    model_config = ConfigDict(frozen=True)

    layer: Layer
    kind: Kind
    condition: Condition
    address: str
    fields: tuple[DriftField, ...] = ()
    by: tuple[str, ...] = ()
    is_undone: bool = True
    note: str = ""

    def __str__(self) -> str:
        """Return "condition address"."""
        return f"{self.condition} {self.address}"


class DriftReport(BaseModel):
    """All that was found; `ignored` is what a rule of the spec covers, `warnings` say what could not be looked at."""

    model_config = ConfigDict(frozen=True)

    environment: str
    project_id: str
    checked_at: str
    found: tuple[Drift, ...]
    ignored: tuple[Drift, ...] = ()
    warnings: tuple[str, ...] = ()
    digest: str = ""

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers in which others have changed something that create would put back."""
        drifted = {one.layer for one in self.found if one.kind == OUTSIDE and one.is_undone}
        return tuple(layer for layer in LAYERS if layer in drifted)


def remediation_refusal(role: str) -> SpecError | None:
    """Return why drift of an environment of this role is not put back by itself, None where it may be."""
    if role != "prod":
        return None
    return SpecError("drift of a prod environment is not remediated: look at it, then run create")


def describe_drift(found: Iterable[Drift]) -> str:
    """Say it as a final state's message: "In sync", "2 changed outside, 1 pending change"."""
    kinds = [one.kind for one in found]
    counts = [f"{kinds.count(kind)} {kind}" for kind in (OUTSIDE, PENDING) if kind in kinds]
    return ", ".join(counts) or "In sync"


def ordered_drift(found: Iterable[Drift]) -> tuple[Drift, ...]:
    """Return it layer by layer, in each by address."""
    return tuple(sorted(found, key=lambda one: (LAYERS.index(one.layer), one.address, one.kind, one.condition)))


def drift_digest(found: Iterable[Drift]) -> str:
    """Return what is equal for equal sets of drift: who did it and when does not count. Empty for none."""
    lines = sorted({json.dumps(one.model_dump(exclude={"by", "note"}), sort_keys=True) for one in found})
    return hashlib.sha256("\n".join(lines).encode()).hexdigest() if lines else ""


def service_drift(
    wanted: Iterable[str], enabled: Iterable[str], was_enabled: Sequence[str] | None
) -> tuple[tuple[Drift, ...], tuple[str, ...]]:
    """Return the services that are off, and warnings: "outside" are those that were on when the last create ended."""
    changes, warnings = service_changes(wanted, enabled, was_enabled)
    before = frozenset(was_enabled or ())
    found = (
        Drift(
            layer="services",
            kind=OUTSIDE if change.address in before else PENDING,
            condition="changed",
            address=change.address,
            fields=(DriftField(path="state", expected="ENABLED", actual="DISABLED"),),
        )
        for change in changes
    )
    return tuple(found), warnings


def infrastructure_drift(planned: InfrastructurePlan) -> tuple[Drift, ...]:
    """Tell apart what Terraform's refresh found and what it would change for another reason."""
    outside = {change.address: change for change in planned.outside}
    changes = {change.address: change for change in planned.changes}
    found = [_outside(change, changes.get(change.address)) for change in outside.values()]
    for change in changes.values():
        if pending := _pending(change, outside.get(change.address), follows=bool(outside)):
            found.append(pending)
    return ordered_drift(found)


def _outside(change: Change, undoing: Change | None) -> Drift:
    paths = [field.path for field in undoing.fields] if undoing else []
    return Drift(
        layer="infrastructure",
        kind=OUTSIDE,
        condition="missing" if change.action == "delete" else "changed",
        address=change.address,
        fields=tuple(DriftField(path=one.path, expected=one.before, actual=one.after) for one in change.fields),
        is_undone=undoing is not None
        and (not change.fields or any(_meet(one.path, path) for one in change.fields for path in paths)),
    )


def _pending(change: Change, outside: Change | None, *, follows: bool) -> Drift | None:
    """Return what is left of a planned change without what only undoes, or follows from, what others did."""
    if change.action == "create":
        return None if outside else _pending_drift(change, "missing", ())
    if change.action == "delete":
        return _pending_drift(change, "extra", ())
    if follows and (change.address.startswith("output.") or _is_unknown_only(change)):
        return None
    done = outside.fields if outside else ()
    fields = tuple(field for field in change.fields if not _undoes(field, done))
    if not fields and (done or outside):
        return None
    return _pending_drift(change, "changed", fields)


def _pending_drift(change: Change, condition: Condition, fields: Iterable[FieldChange]) -> Drift:
    shown = tuple(DriftField(path=one.path, expected=one.after, actual=one.before) for one in fields)
    return Drift(layer=change.layer, kind=PENDING, condition=condition, address=change.address, fields=shown)


def _is_unknown_only(change: Change) -> bool:
    return change.action == "update" and bool(change.fields) and all(one.after == UNKNOWN for one in change.fields)


def _undoes(field: FieldChange, done: Iterable[FieldChange]) -> bool:
    """Tell whether a planned field goes back to what the state holds; another value is a wish of its own."""
    met = [one for one in done if _meet(one.path, field.path)]
    return bool(met) and all(one.path != field.path or one.before == field.after for one in met)


def _meet(one: str, other: str) -> bool:
    """Tell whether one of two paths leads through the other."""
    return one == other or one.startswith((f"{other}.", f"{other}[")) or other.startswith((f"{one}.", f"{one}["))


def root_user_drift(instance: str, *, has_user: bool, applied: str | None, secret: Drift | None) -> tuple[Drift, ...]:
    """Return what is wrong with the database's root user.

    Args:
        instance: The database.
        has_user: Whether it has the user.
        applied: "INSTANCE/VERSION" of the password that it was last given, None where nothing says so.
        secret: What is wrong with the secret, which then says more.
    """
    address = f"user root@% of {instance}"
    if not has_user:
        return (Drift(layer="infrastructure", kind=OUTSIDE, condition="missing", address=address),)
    if secret or (applied or "").startswith(f"{instance}/"):
        return ()
    field = DriftField(path="password", expected=f"of a version for {instance}", actual=applied)
    return (Drift(layer="infrastructure", kind=OUTSIDE, condition="changed", address=address, fields=(field,)),)


def secret_drift(
    layer: Layer, secret_id: str, newest: tuple[str, str] | None, expected: str | None = None
) -> Drift | None:
    """Return what is wrong with a secret of Secret Manager, None where all is well.

    Args:
        layer: Whose secret it is.
        secret_id: Its name.
        newest: Number and state of the newest version, None where there is none.
        expected: The number of the version in use, None where nothing says so.
    """
    address = f"{SECRET_MANAGER}{secret_id} of Secret Manager"
    if newest is None:
        return Drift(layer=layer, kind=OUTSIDE, condition="missing", address=address)
    number, state = newest
    if state != "ENABLED":
        field = DriftField(path=f"versions[{number}].state", expected="ENABLED", actual=state)
    elif expected not in (None, number):
        field = DriftField(path="versions.latest", expected=expected, actual=number)
    else:
        return None
    return Drift(layer=layer, kind=OUTSIDE, condition="changed", address=address, fields=(field,))


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
        if change.action == "update" and not fields:
            continue
        theirs = [one for one in fields if same_manifests or one.owner]
        others = [one for one in fields if one not in theirs]
        by = editors.get(change.address, ())
        if theirs or (same_manifests and not fields):
            found.append(_object(change, OUTSIDE, theirs, by))
        if others or (not same_manifests and not fields):
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
    """Tell whether a field differs only because of something else that is reported, or in nothing but its owner."""
    if field.path == OWNERSHIP:
        return True
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
