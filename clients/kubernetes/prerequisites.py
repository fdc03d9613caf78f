"""What must be there before the rest can be applied: namespaces, then the definitions of kinds, served.

Definitions are waited for by watch: applying objects again and again until their kind is known is no way to install.

Source: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from clients.change_control import UNCONTROLLED, ChangeControl
from clients.kubernetes.apply import apply_objects
from clients.kubernetes.apply_sets import widen
from clients.kubernetes.discovery import Resource
from clients.kubernetes.objects import Objects
from clients.kubernetes.watch import watch
from clients.parallel import in_parallel
from environment.apply_set import ApplySet
from environment.changes import Change
from environment.errors import KubernetesError, RolloutError
from environment.objects import (
    NAMESPACE,
    Manifest,
    ObjectReference,
    defined_kinds,
    is_established,
    reference_of,
    refused_names,
    split_prerequisites,
)

ESTABLISH_SECONDS = 120.0
DEFINITIONS = Resource("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", False)


def apply_prerequisites(
    objects: Objects,
    manifests: Sequence[Manifest],
    apply_set: ApplySet,
    wanted: Iterable[ObjectReference],
    *,
    force: bool = False,
    control: ChangeControl = UNCONTROLLED,
) -> tuple[Change, ...]:
    """Apply namespaces, widen the ApplySet to all that will be applied, apply definitions, wait until they serve.

    Nothing is changed where the cluster does not know a kind.

    Args:
        objects: The cluster.
        manifests: All of the installation; only namespaces and definitions are applied here.
        apply_set: Its parent's namespace must be among the manifests, or exist.
        wanted: All members that will be applied, these and the later ones.
        force: Take over fields that others own.
        control: Of each change.
    """
    check_kinds(objects, manifests)
    prerequisites, _ = split_prerequisites(manifests)
    namespaces = [one for one in prerequisites if one["kind"] == NAMESPACE]
    definitions = [one for one in prerequisites if one["kind"] != NAMESPACE]
    changes = apply_objects(objects, namespaces, apply_set, force=force, control=control)
    widen(objects, apply_set, wanted)
    changes += apply_objects(objects, definitions, apply_set, force=force, control=control)
    wait_until_established(objects, definitions, apply_set)
    return changes


def check_kinds(objects: Objects, manifests: Sequence[Manifest]) -> None:
    """Make sure that the cluster serves every kind among the manifests that they do not define themselves.

    Raises:
        KubernetesError: Names a kind that this version of Kubernetes does not, or no longer, have.
    """
    kinds = {reference_of(manifest)[:3] for manifest in manifests} - defined_kinds(manifests)
    in_parallel(lambda kind: objects.discovery.resource(*kind), sorted(kinds))


def wait_until_established(
    objects: Objects,
    definitions: Sequence[Manifest],
    apply_set: ApplySet,
    *,
    timeout_seconds: float = ESTABLISH_SECONDS,
) -> None:
    """Wait until the API server serves the kinds that these members of the set define.

    Raises:
        KubernetesError: When a definition's names are taken.
        RolloutError: When one is not established in time.
    """
    waiting = {reference_of(one) for one in definitions}
    if not waiting:
        return
    query = {"labelSelector": apply_set.selector}
    for found in watch(objects, DEFINITIONS, "", query, timeout_seconds=timeout_seconds):
        for reference in waiting & found.keys():
            if refusal := refused_names(found[reference]):
                raise KubernetesError(f"{reference} is not accepted: {refusal}", resource=str(reference))
            if is_established(found[reference]):
                objects.discovery.learn(found[reference])
                waiting.discard(reference)
        if not waiting:
            return
    first = min(waiting)
    raise RolloutError(f"{first} was not established in {timeout_seconds:.0f} s", resource=str(first))
