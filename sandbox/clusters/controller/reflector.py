"""Keeps a store equal to what the API server has: list, watch, and list again after 410."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import httpx

from sandbox.clusters.controller.client import ApiError, Client
from sandbox.clusters.controller.objects import Object
from sandbox.clusters.controller.resources import Resource
from sandbox.clusters.controller.store import Store

logger = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 0.05
LAST_PAUSE_SECONDS = 5.0


class Reflector:
    """Reflects one resource into its store.

    Args:
        put: Takes an object that a list or a watch brought.
        remove: Takes one that is gone.

    Attributes:
        is_open: Set once the first list has been read and the first watch is open.
    """

    def __init__(
        self,
        client: Client,
        resource: Resource,
        store: Store,
        put: Callable[[Resource, Object], None],
        remove: Callable[[Resource, Object], None],
    ) -> None:
        self._client = client
        self._resource = resource
        self._store = store
        self._put = put
        self._remove = remove
        self.is_open = asyncio.Event()

    async def run(self) -> None:
        """Reflect until cancelled."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                version = await self._list()
                pause = FIRST_PAUSE_SECONDS
                await self._watch(version)
            except (ApiError, httpx.HTTPError, OSError) as error:
                logger.debug("list of %s failed: %s", self._resource.plural, error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LAST_PAUSE_SECONDS)

    async def _list(self) -> str:
        objects, version = await self._client.list(self._resource)
        for gone in self._store.absent_from(objects):
            # Something newer than the list may have come from an answer; it is in the next watch.
            self._remove(self._resource, {**gone, "metadata": {**gone["metadata"], "resourceVersion": version}})
        for obj in objects:
            self._put(self._resource, obj)
        return version

    async def _watch(self, version: str) -> None:
        """Watch until the version is too old to go on from."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                async for event in self._client.watch(self._resource, version, self.is_open.set):
                    version = event["object"]["metadata"]["resourceVersion"]
                    self._take(event)
                    pause = FIRST_PAUSE_SECONDS
            except ApiError as error:
                if error.is_expired:
                    return
                logger.debug("watch of %s failed: %s", self._resource.plural, error)
            except (httpx.HTTPError, OSError) as error:
                logger.debug("watch of %s was cut: %s", self._resource.plural, error)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LAST_PAUSE_SECONDS)

    def _take(self, event: Object) -> None:
        if event["type"] in ("ADDED", "MODIFIED"):
            self._put(self._resource, event["object"])
        elif event["type"] == "DELETED":
            self._remove(self._resource, event["object"])
