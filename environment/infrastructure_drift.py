"""Drift of the infrastructure: what Terraform's refresh found, told apart from what it would change for another reason.

Beside Terraform stand the database's root user, and the secrets of Secret Manager, whose values no state may hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from environment.changes import UNKNOWN, Change, FieldChange, Layer
from environment.drift import OUTSIDE, PENDING, Condition, Drift, DriftField, ordered_drift
from environment.names import ROOT_USER
from environment.terraform_plan import InfrastructurePlan

SECRET_MANAGER = "secret "  # addresses of Secret Manager's secrets begin so; those of objects have their kind


def infrastructure_drift(
    planned: InfrastructurePlan, by: Mapping[str, tuple[str, ...]] | None = None
) -> tuple[Drift, ...]:
    """Tell apart what Terraform's refresh found and what it would change for another reason.

    Args:
        planned: By Terraform.
        by: "USER at TIME" of who changed what was changed outside, by address, where Google tells.
    """
    outside = {change.address: change for change in planned.outside}
    changes = {change.address: change for change in planned.changes}
    found = [_outside(one, changes.get(one.address), (by or {}).get(one.address, ())) for one in outside.values()]
    for change in changes.values():
        if pending := _pending(change, outside.get(change.address), follows=bool(outside)):
            found.append(pending)
    return ordered_drift(found)


def _outside(change: Change, undoing: Change | None, by: tuple[str, ...]) -> Drift:
    paths = [field.path for field in undoing.fields] if undoing else []
    return Drift(
        layer="infrastructure",
        kind=OUTSIDE,
        condition="missing" if change.action == "delete" else "changed",
        address=change.address,
        fields=tuple(DriftField(path=one.path, expected=one.before, actual=one.after) for one in change.fields),
        by=by,
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


def root_user_drift(
    instance: str,
    *,
    has_user: bool,
    applied: str | None,
    secret: Drift | None,
    by: tuple[str, ...] = (),
    user: str = ROOT_USER,
) -> tuple[Drift, ...]:
    """Return what is wrong with the database's root user.

    Args:
        instance: The database.
        has_user: Whether it has the user.
        applied: "INSTANCE/VERSION" of the password that it was last given, None where nothing says so.
        secret: What is wrong with the secret, which then says more.
        by: "USER at TIME" of who deleted the user, where it has gone.
        user: Its name, another one in an instance that is not ours.
    """
    address = f"user {user}@% of {instance}"
    if not has_user:
        return (Drift(layer="infrastructure", kind=OUTSIDE, condition="missing", address=address, by=by),)
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
