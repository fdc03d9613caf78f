"""Watching objects: the lines of a watch, from its first event to its end.

Source: the API's concepts page on watches, bookmarks and streaming lists (`sendInitialEvents`).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from typing import Any

from sandbox.kubernetes.cluster import Cluster
from sandbox.kubernetes.conversion import to_served
from sandbox.kubernetes.negotiation import TABLE, Form
from sandbox.kubernetes.reads import Selection, encode, parse_version
from sandbox.kubernetes.status import expired, too_large_resource_version
from sandbox.kubernetes.storage import Record
from sandbox.kubernetes.tables import partial_metadata, table
from sandbox.kubernetes.watch import Event, Subscription

Object = dict[str, Any]

BOOKMARK_SECONDS = 60.0
_INITIAL_EVENTS_END = "k8s.io/initial-events-end"


def start_watch(cluster: Cluster, selection: Selection, form: Form, query: Mapping[str, str]) -> AsyncIterator[bytes]:
    """Begin a watch, and return its lines.

    Raises:
        ApiError: The request is not a possible one.
    """
    version = parse_version(query.get("resourceVersion", ""))
    wants_initial = query.get("sendInitialEvents") == "true"
    if version > cluster.store.revision:
        raise too_large_resource_version(version, cluster.store.revision)
    seconds = int(query.get("timeoutSeconds") or 0) or random.randint(1800, 3600)
    watch = _Watch(cluster, selection, form, query, seconds)
    return watch.lines(0 if wants_initial else version, ends_initial=wants_initial)


class _Watch:
    """One watch: what it selects, how it writes, when it ends."""

    def __init__(
        self, cluster: Cluster, selection: Selection, form: Form, query: Mapping[str, str], seconds: float
    ) -> None:
        self._cluster = cluster
        self._selection = selection
        self._form = form
        self._include = query.get("includeObject", "Metadata")
        self._wants_bookmarks = query.get("allowWatchBookmarks") in ("true", "1")
        self._seconds = seconds
        self._has_columns = False

    async def lines(self, version: int, *, ends_initial: bool) -> AsyncIterator[bytes]:
        """Yield the watch's lines until it ends."""
        resource = self._selection.resource
        store = self._cluster.store
        subscription = Subscription(*resource.stored_as, self._selection.namespace)
        initial = [] if version else self._cluster.select(resource, self._selection.namespace)
        start = version or store.revision
        if not store.broadcast.subscribe(subscription, start):
            yield self._expired(version)
            return
        try:
            yield b"".join(self._line("ADDED", record) for record in initial if self._selection.selects(record))
            if ends_initial and self._wants_bookmarks:
                yield self._bookmark(ends_initial=True)
            async for chunk in self._live(subscription):
                yield chunk
        finally:
            store.broadcast.unsubscribe(subscription)

    async def _live(self, subscription: Subscription) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._seconds
        bookmark_at = loop.time() + BOOKMARK_SECONDS
        while loop.time() < deadline:
            wait = min(deadline, bookmark_at) - loop.time()
            try:
                event = await asyncio.wait_for(subscription.queue.get(), max(wait, 0))
            except TimeoutError:
                bookmark_at = loop.time() + BOOKMARK_SECONDS
                if self._wants_bookmarks and subscription.queue.empty():
                    yield self._bookmark()
                continue
            chunk, ends = self._drain(event, subscription)
            if chunk:
                yield chunk
            if ends:
                return

    def _drain(self, event: Event | None, subscription: Subscription) -> tuple[bytes, bool]:
        """Write what has come in one piece."""
        lines = []
        while event is not None:
            lines.append(self._event_line(event))
            if subscription.queue.empty():
                return b"".join(lines), False
            event = subscription.queue.get_nowait()
        return b"".join(lines), True

    def _event_line(self, event: Event) -> bytes:
        """An object that a change moves into the selection is added, one that it moves out is deleted."""
        selects = self._selection.selects
        was = event.previous is not None and selects(event.previous)
        if event.type == "DELETED":
            return self._line("DELETED", event.record) if was else b""
        if selects(event.record):
            return self._line("MODIFIED" if was else "ADDED", event.record)
        if not was or event.previous is None:
            return b""
        last = event.previous.copy()
        last["metadata"]["resourceVersion"] = str(event.record.version)
        return self._object_line("DELETED", last)

    def _line(self, kind: str, record: Record) -> bytes:
        if not self._form.shape and record.view["apiVersion"] == self._selection.resource.api_version:
            return b'{"type":"' + kind.encode() + b'","object":' + record.text.encode() + b"}\n"
        return self._object_line(kind, record.view)

    def _object_line(self, kind: str, obj: Object) -> bytes:
        return encode({"type": kind, "object": self._shaped(to_served(obj, self._selection.resource))}) + b"\n"

    def _shaped(self, obj: Object) -> Object:
        if self._form.shape == TABLE:
            metadata = {"resourceVersion": obj["metadata"]["resourceVersion"]}
            shown = table(
                self._selection.resource,
                [obj],
                metadata,
                self._include,
                self._form.version,
                with_columns=not self._has_columns,
            )
            self._has_columns = True
            return shown
        return partial_metadata(obj, self._form.version) if self._form.shape else obj

    def _bookmark(self, *, ends_initial: bool = False) -> bytes:
        resource = self._selection.resource
        # Everything up to now that concerned this watch has been written.
        version = self._cluster.store.revision
        metadata: Object = {"resourceVersion": str(version), "creationTimestamp": None}
        if ends_initial:
            metadata["annotations"] = {_INITIAL_EVENTS_END: "true"}
        obj: Object = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": metadata}
        if self._form.shape == TABLE:
            # Without a row no client would find the annotation.
            row = {"cells": [], "object": partial_metadata(obj, self._form.version)}
            obj = {**table(resource, [], {"resourceVersion": str(version)}, "None", self._form.version), "rows": [row]}
        elif self._form.shape:
            obj = partial_metadata(obj, self._form.version)
        return encode({"type": "BOOKMARK", "object": obj}) + b"\n"

    def _expired(self, version: int) -> bytes:
        oldest = self._cluster.store.broadcast.oldest
        error = expired(f"too old resource version: {version} ({oldest})")
        return encode({"type": "ERROR", "object": error.body()}) + b"\n"
