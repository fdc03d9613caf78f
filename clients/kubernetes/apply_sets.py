"""The ApplySet on the cluster: widen its parent before applying, prune, narrow it after.

The rules are in `environment.apply_set`; all reads and writes of the parent and of members are here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from itertools import chain

from clients.change_control import UNCONTROLLED, ChangeControl
from clients.kubernetes.discovery import Resource
from clients.kubernetes.objects import Objects
from clients.parallel import in_parallel
from environment.apply_set import ID_LABEL, ApplySet, Extent, installations, owner_of, prunable
from environment.changes import Change
from environment.errors import KubernetesError, ReplacementRefusedError
from environment.object_changes import FIELD_MANAGER, deleted
from environment.objects import GroupKind, ObjectReference, reference_of

SECRETS = Resource("", "v1", "Secret", "secrets", True)
PARENT_MANAGER = f"{FIELD_MANAGER}-applyset"


def read_extent(objects: Objects, apply_set: ApplySet) -> Extent | None:
    """Return what the parent names, None where there is no parent.

    Raises:
        KubernetesError: When the parent belongs to another tool, or to another environment.
    """
    parent = objects.get(apply_set.reference)
    return None if parent is None else apply_set.read_parent(parent)


def read_owner(objects: Objects, apply_set: ApplySet) -> str | None:
    """Return the environment that the parent names, empty where it names none, None where there is no parent."""
    parent = objects.get(apply_set.reference)
    return None if parent is None else owner_of(parent)


def list_installations(objects: Objects, name: str) -> dict[str, str]:
    """Return the owners of this tool's ApplySets of that name by the namespaces of the cluster that they are in."""
    parents = objects.list(SECRETS, query={"labelSelector": ID_LABEL}, metadata_only=True).items
    return installations(name, parents)


def check_alone(objects: Objects, apply_set: ApplySet, allowed: Collection[str] = ()) -> tuple[ApplySet, ...]:
    """Make sure that the cluster holds no second installation: both would work on one database.

    Args:
        objects: Of the cluster.
        apply_set: The installation that is wanted.
        allowed: "Namespace NAME" of installations that may go for it.

    Returns:
        The installations that are there and may go.

    Raises:
        ReplacementRefusedError: Names the namespace that has one and may not.
        KubernetesError: When one is another environment's.
    """
    found = list_installations(objects, apply_set.name)
    if foreign := [one for one, owner in found.items() if not apply_set.is_owner(owner)]:
        raise KubernetesError(
            f"Kubeflow Pipelines in namespace {foreign[0]} of this cluster belongs to "
            f"{found[foreign[0]] or 'an environment that is not named'}, not to {apply_set.owner}",
            "use a cluster without Kubeflow Pipelines"
            if found[foreign[0]]
            else replace(apply_set, namespace=foreign[0]).claim,
            resource=f"Namespace {foreign[0]}",
        )
    others = [one for one in found if one != apply_set.namespace]
    if refused := [one for one in others if f"Namespace {one}" not in allowed]:
        raise ReplacementRefusedError(
            f"refused: Kubeflow Pipelines is already installed in namespace {refused[0]} of this cluster: a second one "
            f"in {apply_set.namespace} would share its database",
            f"set pipelines.namespace to {refused[0]}; or, to move it (runs in progress are lost, database and bucket "
            f"stay), add --allow-replace 'Namespace {refused[0]}'",
        )
    return tuple(replace(apply_set, namespace=one) for one in others)


def widen(objects: Objects, apply_set: ApplySet, wanted: Iterable[ObjectReference]) -> Extent:
    """Make the parent name all that it named and all that will be applied."""
    current = read_extent(objects, apply_set)
    extent = (current or Extent()) | apply_set.extent_of(wanted)
    if extent != current:
        _write(objects, apply_set, extent)
    return extent


def prune(
    objects: Objects,
    apply_set: ApplySet,
    wanted: Iterable[ObjectReference],
    *,
    control: ChangeControl = UNCONTROLLED,
) -> tuple[Change, ...]:
    """Delete the members that are no longer wanted, then make the parent name only what is left.

    Raises:
        ApprovalError: Before any change, when a deletion is not among the changes that were approved.
    """
    keep = tuple(objects.discovery.in_scope(one, apply_set.namespace) for one in wanted)
    extent = read_extent(objects, apply_set) or Extent()
    uids = list_members(objects, apply_set, extent | apply_set.extent_of(keep))
    doomed = prunable(uids, keep)
    control.check(map(deleted, doomed))
    if doomed:
        control.begin()

    def remove(reference: ObjectReference) -> Change:
        objects.delete(reference, uids[reference])
        change = deleted(reference)
        control.note(change)
        return change

    changes = tuple(in_parallel(remove, doomed))
    # What may not be pruned stays a member, so its kind stays named.
    narrowed = apply_set.extent_of(keep) | apply_set.extent_of(set(uids) - set(doomed))
    if narrowed != extent:
        _write(objects, apply_set, narrowed)
    return changes


def plan_prune(objects: Objects, apply_set: ApplySet, wanted: Iterable[ObjectReference]) -> tuple[Change, ...]:
    """Return what `prune` would delete; what is wanted of kinds that are not served yet is no member."""
    keep = tuple(
        one._replace(namespace=(one.namespace or apply_set.namespace) if resource.is_namespaced else "")
        for one in wanted
        if (resource := objects.discovery.find(one))
    )
    extent = read_extent(objects, apply_set) or Extent()
    uids = list_members(objects, apply_set, extent | apply_set.extent_of(keep))
    return tuple(map(deleted, prunable(uids, keep)))


def list_members(objects: Objects, apply_set: ApplySet, extent: Extent) -> dict[ObjectReference, str]:
    """Return the uid of every member; a kind that the cluster no longer serves has none."""
    namespaces = sorted({apply_set.namespace, *extent.namespaces})

    def read(kind: GroupKind) -> list[tuple[ObjectReference, str]]:
        resource = objects.discovery.preferred(kind)
        if resource is None:
            return []
        items = chain.from_iterable(
            objects.list(resource, place, {"labelSelector": apply_set.selector}, metadata_only=True).items
            for place in (namespaces if resource.is_namespaced else ("",))
        )
        return [(reference_of(item), item["metadata"]["uid"]) for item in items]

    return dict(chain.from_iterable(in_parallel(read, sorted(extent.kinds))))


def _write(objects: Objects, apply_set: ApplySet, extent: Extent) -> None:
    objects.apply(apply_set.parent(extent), force=True, field_manager=PARENT_MANAGER)
