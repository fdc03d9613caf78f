"""Writes Events, each once, when there is nothing more urgent to do; warnings at once.

Source: Event v1 (core) of the Kubernetes API. A real API server keeps events for an hour; here the newest stay.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable

import httpx

from sandbox.clusters.controller.client import ApiError, Client
from sandbox.clusters.controller.objects import Object, digest, name_of, namespace_of, now, uid_of
from sandbox.clusters.controller.resources import EVENTS, Resource

logger = logging.getLogger(__name__)

_REMEMBERED = 5000
_COMPONENTS = {
    "Deployment": "deployment-controller",
    "ReplicaSet": "replicaset-controller",
    "StatefulSet": "statefulset-controller",
    "DaemonSet": "daemonset-controller",
    "Job": "job-controller",
    "PersistentVolumeClaim": "persistentvolume-controller",
    "Service": "service-controller",
    "Pod": "kubelet",
}


class EventWriter:
    """Belongs to one event loop.

    Args:
        until_idle: Waits until the controller has nothing to do.
    """

    def __init__(self, client: Client, until_idle: Callable[[], Awaitable[None]]) -> None:
        self._client = client
        self._until_idle = until_idle
        self._seen: dict[str, None] = {}
        self._urgent: deque[Object] = deque()
        self._others: deque[Object] = deque()
        self._something = asyncio.Event()

    def note(self, obj: Object, resource: Resource, reason: str, message: str, *, warning: bool) -> None:
        """Have an event written, unless the same has been said of the object before."""
        name = f"{name_of(obj)}.{digest(uid_of(obj), reason, message)[:16]}"
        if name in self._seen:
            return
        self._seen[name] = None
        if len(self._seen) > _REMEMBERED:
            del self._seen[next(iter(self._seen))]
        (self._urgent if warning else self._others).append(_event(obj, resource, name, reason, message, warning))
        self._something.set()

    async def run(self) -> None:
        """Write events until cancelled."""
        while True:
            if not self._urgent:
                await self._until_idle()
            waiting = self._urgent or self._others
            if waiting:
                await self._write(waiting.popleft())
            else:
                self._something.clear()
                await self._something.wait()

    async def _write(self, event: Object) -> None:
        try:
            await self._client.create(EVENTS, event)
        except (ApiError, httpx.HTTPError) as error:
            # Written before the sandbox was started again, or about something whose namespace is gone.
            logger.debug("event %s was not written: %s", name_of(event), error)


def _event(obj: Object, resource: Resource, name: str, reason: str, message: str, warning: bool) -> Object:
    moment = now()
    component = "default-scheduler" if reason in ("Scheduled", "FailedScheduling") else _COMPONENTS[resource.kind]
    namespace = namespace_of(obj) or "default"
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": namespace},
        "involvedObject": {
            "apiVersion": resource.api_version,
            "kind": resource.kind,
            "namespace": namespace,
            "name": name_of(obj),
            "uid": uid_of(obj),
            "resourceVersion": obj["metadata"].get("resourceVersion", ""),
        },
        "reason": reason,
        "message": message,
        "type": "Warning" if warning else "Normal",
        "source": {"component": component},
        "reportingComponent": component,
        "firstTimestamp": moment,
        "lastTimestamp": moment,
        "count": 1,
    }
