"""Who has changed objects of a cluster, from their managedFields."""

from __future__ import annotations

from collections.abc import Iterable

from clients.kubernetes.objects import Objects
from clients.parallel import in_parallel
from environment.changes import Change
from environment.object_drift import editors_of
from environment.objects import ObjectReference


def read_editors(
    objects: Objects, wanted: Iterable[ObjectReference], changes: Iterable[Change], namespace: str
) -> dict[str, tuple[str, ...]]:
    """Return "MANAGER at TIME" of each, by the address of each object that is there and would change."""
    differing = {change.address: change for change in changes if change.fields or change.added}
    named = [one for one in wanted if any(_may_be(one, address) for address in differing)]
    placed = {str(one): one for one in (objects.discovery.in_scope(one, namespace) for one in named)}
    found = [(change, placed[address]) for address, change in differing.items() if address in placed]
    lives = in_parallel(lambda one: objects.get(one[1]), found)
    pairs = zip(found, lives, strict=True)
    return {change.address: editors_of(live, change.owners) for (change, _), live in pairs if live is not None}


def _may_be(reference: ObjectReference, address: str) -> bool:
    return address.startswith(f"{reference.kind} ") and address.endswith(reference.name)
