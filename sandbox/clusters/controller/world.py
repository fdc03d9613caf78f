"""What every reconciler works with: stores, writes, the queue of what to look at, delays and events."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

from sandbox.clusters.controller.client import Client
from sandbox.clusters.controller.events import EventWriter
from sandbox.clusters.controller.failures import Failures
from sandbox.clusters.controller.objects import Object, annotations_of, key_of, name_of, uid_of
from sandbox.clusters.controller.queue import WorkQueue
from sandbox.clusters.controller.resources import NODES, WATCHED, Resource
from sandbox.clusters.controller.store import Store

Key = tuple[str, ...]
Item = tuple[str, Key]


@dataclass
class World:
    """One cluster as the controller sees it; belongs to one event loop.

    Attributes:
        pace: Takes the seconds that something takes in a real cluster, returns those to wait here.
        cluster: "PROJECT/LOCATION/NAME".
        authority: The certificate of the cluster's authority, as PEM.
        failures: What is to go wrong on purpose.
        reserved_addresses: The address that each pod, by its uid, has or is about to have.
        programs_done: The uids of the pods whose program has done its work.
    """

    client: Client
    events: EventWriter
    queue: WorkQueue[Item]
    pace: Callable[[float], float]
    cluster: str
    authority: str
    failures: Failures
    stores: Mapping[Resource, Store] = field(default_factory=lambda: {resource: Store() for resource in WATCHED})
    reconcilers: tuple[Reconciler, ...] = ()
    reserved_addresses: dict[str, str] = field(default_factory=dict)
    programs_done: set[str] = field(default_factory=set)
    _stages: dict[tuple[str, str], float] = field(default_factory=dict)

    def get(self, resource: Resource, key: Key) -> Object | None:
        """Return an object by (namespace, name)."""
        return self.stores[resource].get(key[0], key[1])

    def put(self, resource: Resource, obj: Object) -> None:
        """Take note of an object that a watch or an answer brought."""
        store = self.stores[resource]
        before = store.get(*key_of(obj))
        if store.put(obj):
            self._trigger(resource, obj, before)

    def remove(self, resource: Resource, obj: Object) -> None:
        """Take note that an object is gone."""
        known = self.stores[resource].remove(obj)
        if known is not None:
            self.reserved_addresses.pop(uid_of(known), None)
            self.programs_done.discard(uid_of(known))
            self._stages = {stage: at for stage, at in self._stages.items() if stage[0] != uid_of(known)}
            self._trigger(resource, known, None)

    def _trigger(self, resource: Resource, *versions: Object | None) -> None:
        for reconciler in self.reconcilers:
            trigger = reconciler.triggers.get(resource)
            if trigger is not None:
                for version in versions:
                    for key in trigger(self, version) if version else ():
                        self.queue.add((reconciler.name, key))

    async def create(self, resource: Resource, obj: Object) -> Object:
        """Create an object and take note of it."""
        created = await self.client.create(resource, obj)
        self.put(resource, created)
        return created

    async def patch(
        self, resource: Resource, obj: Object, patch: Object, *, subresource: str = "", manager: str = ""
    ) -> Object:
        """Merge a patch into an object and take note of the outcome."""
        patched = await self.client.patch(resource, key_of(obj), patch, subresource=subresource, manager=manager)
        self.put(resource, patched)
        return patched

    async def update_status(
        self,
        resource: Resource,
        obj: Object,
        status: Object,
        *,
        annotations: dict[str, str] | None = None,
        manager: str = "",
    ) -> None:
        """Write the fields of a status that differ from what is known; None takes a field out.

        The known version goes along, so that a status worked out from an old object is refused. Annotations pass
        through the status as well: the deployment controller keeps the revision there.
        """
        known = obj.get("status") or {}
        changed = {name: value for name, value in status.items() if known.get(name) != value}
        changed = {name: value for name, value in changed.items() if value is not None or name in known}
        marks = {name: value for name, value in (annotations or {}).items() if annotations_of(obj).get(name) != value}
        if changed or marks:
            metadata: Object = {"resourceVersion": obj["metadata"]["resourceVersion"]}
            if marks:
                metadata["annotations"] = marks
            await self.patch(
                resource, obj, {"metadata": metadata, "status": changed}, subresource="status", manager=manager
            )

    async def delete(self, resource: Resource, obj: Object, *, grace_seconds: int | None = None) -> None:
        """Delete exactly this object, and its dependents behind it."""
        options = {} if grace_seconds is None else {"gracePeriodSeconds": grace_seconds}
        await self.client.delete(resource, key_of(obj), uid=uid_of(obj), propagationPolicy="Background", **options)

    def has_passed(self, item: Item, uid: str, stage: str, real_seconds: float) -> bool:
        """Say whether a stage that takes time is over for an object; if not, look at the item again when it is.

        The clock starts when it is first asked.
        """
        seconds = self.pace(real_seconds)
        if seconds <= 0:
            return True
        started = self._stages.setdefault((uid, stage), time.monotonic())
        rest = started + seconds - time.monotonic()
        if rest <= 0:
            return True
        self.queue.add_after(item, rest)
        return False

    def restart_stage(self, uid: str, stage: str) -> None:
        """Let a stage begin anew when it is next asked for."""
        self._stages.pop((uid, stage), None)

    def note(self, obj: Object, resource: Resource, reason: str, message: str, *, warning: bool = False) -> None:
        """Write an event about an object, soon."""
        self.events.note(obj, resource, reason, message, warning=warning)

    def nodes(self) -> list[Object]:
        """Return the nodes in order of their names."""
        return sorted(self.stores[NODES].all(), key=name_of)


Trigger = Callable[[World, Object], Iterable[Key]]


@dataclass(frozen=True)
class Reconciler:
    """One control loop.

    Attributes:
        triggers: For each resource that matters to it, which keys to look at again when an object of it changed.
        reconcile: Brings what one key names closer to what is wanted; harmless where nothing is to be done.
    """

    name: str
    triggers: Mapping[Resource, Trigger]
    reconcile: Callable[[World, Key], Awaitable[None]]


def own_key(world: World, obj: Object) -> Iterable[Key]:
    """Trigger the object's own key."""
    return (key_of(obj),)
