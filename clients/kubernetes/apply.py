"""Apply many objects: look at all of them, decide, then patch only those that differ, at the same time.

The look is a server-side apply that changes nothing (`dryRun=All`), so whatever the API server would refuse, and
every conflict, is known before the first change; a plan looks and stops there. Live objects come from one list per
kind of the ApplySet's members; an object that is there but no member yet is read by itself.

Conflicts are not forced: a field that somebody else set since, as `kubectl edit` does, stops the run with the owner's
name. Taking it over is the caller's explicit choice; what others have added (`environment/added_fields.py`) is then
taken out as well. Replicas that were scaled stay scaled.

A Deployment whose selector cannot change is made anew only where the caller names it; it holds nothing itself, and the
claims that its pods use stay. What is of another kind is never made anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clients.change_control import UNCONTROLLED, ChangeControl
from clients.kubernetes.objects import Objects
from clients.parallel import in_parallel, most_telling
from environment.added_fields import AddedField, added_fields, taken_over
from environment.apply_set import ApplySet
from environment.changes import Change, taking_out
from environment.errors import ApplyConflictError, ImmutableFieldError, KubernetesError
from environment.guard import refusal, refused
from environment.object_changes import decide, masked, refused_change, replaced, without_left_fields
from environment.objects import Manifest, ObjectReference, reference_of

Identity = tuple[str, str, str, str]
INVALID = 422


@dataclass(frozen=True)
class Planned:
    """An object as it will be applied, what that changes, and what stands against it: owners of fields, or the server.

    Where a field cannot change, the change is a replacement, which `carry_out` refuses.
    """

    manifest: dict[str, Any]
    change: Change
    refusal: KubernetesError | None = None
    added: tuple[AddedField, ...] = ()
    live: dict[str, Any] | None = None


def members_of(objects: Objects, manifests: Iterable[Manifest], apply_set: ApplySet) -> tuple[dict[str, Any], ...]:
    """Return the manifests as members of the set, namespaced ones with their namespace."""
    given = tuple(manifests)
    versions = {reference_of(manifest)[:2]: reference_of(manifest) for manifest in given}
    in_parallel(lambda one: objects.discovery.in_scope(one, apply_set.namespace), versions.values())
    return tuple(_placed(objects, manifest, apply_set) for manifest in given)


def _placed(objects: Objects, manifest: Manifest, apply_set: ApplySet) -> dict[str, Any]:
    member = apply_set.member(manifest)
    reference = objects.discovery.in_scope(reference_of(member), apply_set.namespace)
    member["metadata"].pop("namespace", None)
    if reference.namespace:
        member["metadata"]["namespace"] = reference.namespace
    return member


def plan_objects(objects: Objects, manifests: Iterable[Manifest], apply_set: ApplySet) -> tuple[Planned, ...]:
    """Look at every object and decide; change nothing. Fields that others own are in the change with their owner.

    Raises:
        KubernetesError: When the API server would refuse one of them.
    """
    members = members_of(objects, manifests, apply_set)
    live = _live_members(objects, members, apply_set)

    def look(member: dict[str, Any]) -> Planned:
        reference = reference_of(member)
        try:
            found = _dry_run(objects, member)
        except ImmutableFieldError as error:
            there = live.get(reference.identity) or objects.get(reference) or member
            return Planned(member, replaced(member, there, reference, error.fields), error)
        except KubernetesError as error:
            # With what others have added it may be invalid: two ports of one name, a variable with two values.
            found_there = objects.get(reference) if error.status == INVALID else None
            if found_there is None or not added_fields(member, found_there):
                raise
            return _with_added(Planned(member, refused_change(member, found_there, reference), error), found_there)
        current = None if found.is_new else live.get(reference.identity)
        if not found.is_new and (current is None or _version(current) != _version(found.desired)):
            current = objects.get(reference)  # no member yet, or changed since it was listed
        conflicts = found.conflict.conflicts if found.conflict else ()
        change = decide(found.desired, current, reference, conflicts).model_copy(update={"left": found.left})
        return _with_added(Planned(found.manifest, change, found.conflict), current)

    return tuple(in_parallel(look, members))


def _with_added(planned: Planned, live: dict[str, Any] | None) -> Planned:
    if live is None or not (added := added_fields(planned.manifest, live)):
        return planned
    shown = masked(planned.manifest, (one.change for one in added))
    return replace(planned, change=planned.change.model_copy(update={"added": shown}), added=added, live=live)


@dataclass(frozen=True)
class _Look:
    """The manifest without the fields that are left to others, and what the API server would make of it."""

    manifest: dict[str, Any]
    desired: dict[str, Any]
    is_new: bool
    left: tuple[str, ...] = ()
    conflict: ApplyConflictError | None = None


def _dry_run(objects: Objects, member: dict[str, Any]) -> _Look:
    try:
        return _Look(member, *objects.apply(member, dry_run=True))
    except ApplyConflictError as error:
        if without := without_left_fields(member, error.conflicts):
            manifest, left = without
            return _Look(manifest, *objects.apply(manifest, dry_run=True), left=left)
        return _Look(member, *objects.apply(member, dry_run=True, force=True), conflict=error)


def refuse(planned: Iterable[Planned], *, force: bool = False, recreate: Collection[str] = ()) -> None:
    """Stop where something stands against a change.

    Args:
        planned: What would be applied.
        force: Take over fields that others own, and take out what they added.
        recreate: "Deployment NAMESPACE/NAME" of those that may be made anew.

    Raises:
        ReplacementRefusedError: Where a Deployment would have to be made anew that is not named.
        ImmutableFieldError: Where a field of something else cannot change.
        ApplyConflictError: Where others own fields that we would set, unless `force`.
    """
    given = tuple(planned)
    if lost := refused((one.change for one in given), recreate):
        raise refusal(lost)
    refusals = [one.refusal for one in given if one.refusal and not _is_made_anew(one)]
    if force:
        healed = {id(one.refusal) for one in given if one.added}
        refusals = [one for one in refusals if not isinstance(one, ApplyConflictError) and id(one) not in healed]
    if refusals:
        raise most_telling(refusals)


def carry_out(
    objects: Objects,
    planned: Sequence[Planned],
    *,
    force: bool = False,
    recreate: Collection[str] = (),
    control: ChangeControl = UNCONTROLLED,
) -> tuple[Change, ...]:
    """Apply what was planned, all at the same time; return the changes that were made.

    Raises:
        ApprovalError: Before any change, when one is not among those that were approved.
        ReplacementRefusedError: Before any change, when a Deployment would be made anew that `recreate` does not name.
        ImmutableFieldError: Before any change, when a field of something else cannot change.
        ApplyConflictError: Before any change, when others own fields, unless `force`.
    """
    decided = [replace(one, change=taking_out(one.change)) for one in planned] if force else planned
    control.check(one.change for one in decided)
    refuse(planned, force=force, recreate=recreate)
    due = [one for one in decided if not one.change.is_noop]
    if due:
        control.begin()

    def act(one: Planned) -> Change:
        if _is_made_anew(one):
            objects.delete(reference_of(one.manifest))
        elif force and one.live is not None:
            objects.own(one.live, taken_over(one.live, one.added))
        objects.apply(one.manifest, force=force)
        control.note(one.change)
        return one.change

    return tuple(in_parallel(act, due))


def _is_made_anew(one: Planned) -> bool:
    return one.change.action == "replace" and one.manifest["kind"] == "Deployment"


def apply_objects(
    objects: Objects,
    manifests: Iterable[Manifest],
    apply_set: ApplySet,
    *,
    force: bool = False,
    control: ChangeControl = UNCONTROLLED,
) -> tuple[Change, ...]:
    """Bring objects that do not depend on each other to what the manifests say; return the changes that were made."""
    planned = plan_objects(objects, manifests, apply_set)
    return carry_out(objects, planned, force=force, control=control)


def _live_members(objects: Objects, members: Sequence[Manifest], apply_set: ApplySet) -> dict[Identity, dict[str, Any]]:
    """Read the members that are there, one list for each kind and namespace."""
    places = sorted({reference_of(member)._replace(name="") for member in members})

    def read(place: ObjectReference) -> tuple[dict[str, Any], ...]:
        resource = objects.discovery.resource(place.group, place.version, place.kind)
        return objects.list(resource, place.namespace, {"labelSelector": apply_set.selector}).items

    return {reference_of(item).identity: item for items in in_parallel(read, places) for item in items}


def _version(manifest: Manifest) -> Any:
    return manifest["metadata"].get("resourceVersion")
