"""Apply many objects: look at all of them, decide, then patch only those that differ, at the same time.

The look is a server-side apply that changes nothing (`dryRun=All`), so whatever the API server would refuse, and
every conflict, is known before the first change. Live objects come from one list per kind of the ApplySet's members;
an object that is there but no member yet is read by itself.

Conflicts are not forced: a field that somebody else set since, as `kubectl edit` does, stops the run with the owner's
name. Taking it over is the caller's explicit choice. Replicas that were scaled stay scaled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from clients.kubernetes.objects import Objects
from clients.kubernetes.parallel import in_parallel
from environment.apply_set import ApplySet
from environment.errors import ApplyConflictError
from environment.object_changes import ObjectChange, decide, without_left_fields
from environment.objects import Manifest, ObjectReference, reference_of

OnChange = Callable[[ObjectChange], None]
Identity = tuple[str, str, str, str]


@dataclass(frozen=True)
class Planned:
    """An object as it will be applied, and what that changes."""

    manifest: dict[str, Any]
    change: ObjectChange


def ignore(change: ObjectChange) -> None:
    """Report nothing."""


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


def plan_objects(
    objects: Objects, manifests: Iterable[Manifest], apply_set: ApplySet, *, force: bool = False
) -> tuple[Planned, ...]:
    """Look at every object and decide; change nothing.

    Raises:
        KubernetesError: When the API server would refuse one of them.
        ApplyConflictError: When others own fields, unless `force`.
    """
    members = members_of(objects, manifests, apply_set)
    live = _live_members(objects, members, apply_set)

    def look(member: dict[str, Any]) -> Planned:
        reference = reference_of(member)
        (desired, is_new), member, left = _dry_run(objects, member, force=force)
        current = None if is_new else live.get(reference.identity)
        if not is_new and (current is None or _version(current) != _version(desired)):
            current = objects.get(reference)  # no member yet, or changed since it was listed
        change = decide(desired, current, reference)
        return Planned(member, change.model_copy(update={"left": left}) if left else change)

    return tuple(in_parallel(look, members))


def _dry_run(
    objects: Objects, member: dict[str, Any], *, force: bool
) -> tuple[tuple[dict[str, Any], bool], dict[str, Any], tuple[str, ...]]:
    """Return the answer, the manifest without the fields that are left to others, and these."""
    try:
        return objects.apply(member, dry_run=True, force=force), member, ()
    except ApplyConflictError as error:
        if (without := without_left_fields(member, error.conflicts)) is None:
            raise
        member, left = without
        return objects.apply(member, dry_run=True, force=force), member, left


def carry_out(
    objects: Objects, planned: Sequence[Planned], *, force: bool = False, on_change: OnChange = ignore
) -> tuple[ObjectChange, ...]:
    """Apply what was planned, all at the same time; return the changes that were made."""

    def act(one: Planned) -> ObjectChange:
        objects.apply(one.manifest, force=force)
        on_change(one.change)
        return one.change

    return tuple(in_parallel(act, (one for one in planned if not one.change.is_noop)))


def apply_objects(
    objects: Objects,
    manifests: Iterable[Manifest],
    apply_set: ApplySet,
    *,
    force: bool = False,
    on_change: OnChange = ignore,
) -> tuple[ObjectChange, ...]:
    """Bring objects that do not depend on each other to what the manifests say; return the changes that were made."""
    planned = plan_objects(objects, manifests, apply_set, force=force)
    return carry_out(objects, planned, force=force, on_change=on_change)


def _live_members(objects: Objects, members: Sequence[Manifest], apply_set: ApplySet) -> dict[Identity, dict[str, Any]]:
    """Read the members that are there, one list for each kind and namespace."""
    places = sorted({reference_of(member)._replace(name="") for member in members})

    def read(place: ObjectReference) -> tuple[dict[str, Any], ...]:
        resource = objects.discovery.resource(place.group, place.version, place.kind)
        return objects.list(resource, place.namespace, {"labelSelector": apply_set.selector}).items

    return {reference_of(item).identity: item for items in in_parallel(read, places) for item in items}


def _version(manifest: Manifest) -> Any:
    return manifest["metadata"].get("resourceVersion")
