"""What an installation would change on a cluster, decided by the functions that apply it; nothing is changed.

An object in a namespace that is not there, or on its way out, is new, and so is one of a kind that is not served yet:
the API server would refuse even the dry run. Without a cluster all objects are new.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from clients.kubernetes.apply import plan_objects, refuse
from clients.kubernetes.objects import Objects
from clients.kubernetes.prerequisites import check_kinds
from clients.parallel import in_parallel
from environment.apply_set import ApplySet
from environment.changes import Change, taking_out
from environment.object_changes import created
from environment.objects import NAMESPACE, Manifest, ObjectReference, reference_of


def plan_changes(
    objects: Objects, manifests: Sequence[Manifest], apply_set: ApplySet, *, force: bool = False
) -> tuple[Change, ...]:
    """Return what applying the manifests would change; with `force`, what others added is taken out.

    Raises:
        KubernetesError: When the API server would refuse one of them, or has no such kind.
    """
    check_kinds(objects, manifests)
    reachable, new = _split(objects, manifests, apply_set)
    planned = plan_objects(objects, reachable, apply_set)
    changes = (taking_out(one.change) if force else one.change for one in planned)
    return (*changes, *map(created, new))


def check_changes(
    objects: Objects,
    manifests: Sequence[Manifest],
    apply_set: ApplySet,
    *,
    force: bool = False,
    recreate: Collection[str] = (),
) -> None:
    """Stop where applying the manifests would stop; it changes nothing either.

    Args:
        objects: The cluster.
        manifests: Without the versions of their Secrets, if need be: those stop nothing.
        apply_set: What they will be members of.
        force: Take over fields that others own.
        recreate: "Deployment NAMESPACE/NAME" of those that may be made anew.

    Raises:
        MlopsEnvError: As `apply.refuse`.
    """
    check_kinds(objects, manifests)
    reachable, _ = _split(objects, manifests, apply_set)
    refuse(plan_objects(objects, reachable, apply_set), force=force, recreate=recreate)


def _split(
    objects: Objects, manifests: Sequence[Manifest], apply_set: ApplySet
) -> tuple[list[Manifest], list[ObjectReference]]:
    """Return the manifests that the server can be asked about, and the others' references, placed as far as known."""
    absent = _absent_namespaces(objects, manifests, apply_set)
    reachable: list[Manifest] = []
    new: list[ObjectReference] = []
    for manifest in manifests:
        reference = reference_of(manifest)
        resource = objects.discovery.find(reference)
        if resource:
            reference = reference._replace(
                namespace=(reference.namespace or apply_set.namespace) if resource.is_namespaced else ""
            )
        place = reference.name if reference.kind == NAMESPACE else reference.namespace
        if resource is None or place in absent:
            new.append(reference)
        else:
            reachable.append(manifest)
    return reachable, new


def _absent_namespaces(objects: Objects, manifests: Iterable[Manifest], apply_set: ApplySet) -> frozenset[str]:
    names = sorted({apply_set.namespace, *(reference_of(one).namespace for one in manifests)} - {""})
    found = in_parallel(lambda name: objects.get(ObjectReference("", "v1", NAMESPACE, "", name)), names)
    return frozenset(name for name, namespace in zip(names, found, strict=True) if _is_gone(namespace))


def _is_gone(namespace: Manifest | None) -> bool:
    return namespace is None or bool(namespace["metadata"].get("deletionTimestamp"))
