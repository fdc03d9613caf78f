"""Getting, listing and watching objects.

Source: the API's concepts page on resource versions, `limit`/`continue`, watch bookmarks and streaming lists.
"""

from __future__ import annotations

import asyncio
import base64
import json
import random
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.kubernetes.causes import Cause
from sandbox.kubernetes.cluster import Cluster
from sandbox.kubernetes.conversion import to_served
from sandbox.kubernetes.negotiation import METADATA, METADATA_LIST, TABLE, Form
from sandbox.kubernetes.resources import Resource
from sandbox.kubernetes.selectors import SELECTABLE, Predicate, parse_field_selector, parse_label_selector
from sandbox.kubernetes.status import bad_request, expired, invalid_options, too_large_resource_version
from sandbox.kubernetes.storage import Record
from sandbox.kubernetes.tables import partial_metadata, table
from sandbox.kubernetes.watch import Event, Subscription

Object = dict[str, Any]

BOOKMARK_SECONDS = 60.0
_INITIAL_EVENTS_END = "k8s.io/initial-events-end"
_CONTINUE_EXPIRED = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)


@dataclass(frozen=True)
class Selection:
    """Which objects are asked for: of one namespace or all, with labels and fields."""

    resource: Resource
    namespace: str
    labels: Predicate | None
    fields: Predicate | None

    def selects(self, record: Record) -> bool:
        """Say whether an object is asked for."""
        if self.namespace and record.namespace != self.namespace:
            return False
        if self.labels is not None and not self.labels(record.view):
            return False
        return self.fields is None or self.fields(to_served(record.view, self.resource))


def read_selection(resource: Resource, namespace: str, query: Mapping[str, str]) -> Selection:
    """Read the selectors of a request.

    Raises:
        ApiError: One cannot be read (400).
    """
    labels, fields = query.get("labelSelector", ""), query.get("fieldSelector", "")
    custom = resource.custom.selectable_fields if resource.custom else ()
    selectable = custom or SELECTABLE.get((resource.group, resource.plural), ())
    return Selection(
        resource,
        namespace,
        parse_label_selector(labels) if labels else None,
        parse_field_selector(fields, selectable) if fields else None,
    )


# --- one object ----------------------------------------------------------------------------------------------------


def render_object(resource: Resource, obj: Object, form: Form, include: str = "Metadata") -> bytes:
    """Return an object in the form that the client wants."""
    if form.shape == TABLE:
        metadata = {"resourceVersion": obj["metadata"].get("resourceVersion", "")}
        return _encode(table(resource, [obj], metadata, include, form.version))
    if form.shape in (METADATA, METADATA_LIST):
        return _encode(partial_metadata(obj, form.version))
    return _encode(obj)


def render_record(resource: Resource, record: Record, form: Form, include: str = "Metadata") -> bytes:
    """Return a stored object in the form that the client wants."""
    if not form.shape and record.view.get("apiVersion") == resource.api_version:
        return record.text.encode()
    return render_object(resource, to_served(record.view, resource), form, include)


def _encode(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


# --- lists ---------------------------------------------------------------------------------------------------------


def render_list(cluster: Cluster, selection: Selection, form: Form, query: Mapping[str, str]) -> bytes:
    """Return a list in the form that the client wants.

    Raises:
        ApiError: The version or the continuation asked for cannot be served (410, 504, 400).
    """
    records, metadata = _select(cluster, selection, query)
    resource = selection.resource
    if form.shape == TABLE:
        objects = (to_served(record.view, resource) for record in records)
        return _encode(table(resource, objects, metadata, query.get("includeObject", "Metadata"), form.version))
    if form.shape in (METADATA, METADATA_LIST):
        items = [partial_metadata(record.view, form.version) for record in records]
        version = f"meta.k8s.io/{form.version}"
        listed = {"kind": METADATA_LIST, "apiVersion": version, "metadata": metadata, "items": items}
        return _encode(listed)
    if resource.custom is not None:
        # Lists of custom resources are written with it even when there is nothing to continue.
        metadata.setdefault("continue", "")
    items_text = ",".join(_item_text(resource, record) for record in records)
    head = _encode({"kind": resource.list_kind, "apiVersion": resource.api_version, "metadata": metadata})
    return head[:-1] + b',"items":[' + items_text.encode() + b"]}"


def _item_text(resource: Resource, record: Record) -> str:
    """Items of built-in lists do not repeat what the list says of them."""
    if resource.custom is not None:
        same = record.view["apiVersion"] == resource.api_version
        return record.text if same else json.dumps(to_served(record.view, resource), separators=(",", ":"))
    head = f'{{"apiVersion":"{resource.api_version}","kind":"{resource.kind}",'
    if record.text.startswith(head):
        return "{" + record.text[len(head) :]
    served = {k: v for k, v in to_served(record.view, resource).items() if k not in ("apiVersion", "kind")}
    return json.dumps(served, separators=(",", ":"))


def _select(cluster: Cluster, selection: Selection, query: Mapping[str, str]) -> tuple[list[Record], Object]:
    token = query.get("continue", "")
    version, start = _read_continue(token) if token else (_read_version(cluster, query), "")
    records = _records_at(cluster, selection, version, has_token=bool(token))
    selected = [record for record in records if selection.selects(record) and _key(record) >= start]
    shown_version = version or cluster.store.revision
    metadata: Object = {"resourceVersion": str(shown_version)}
    limit = int(query.get("limit") or 0)
    if 0 < limit < len(selected):
        metadata["continue"] = _write_continue(shown_version, _key(selected[limit]))
        if selection.labels is None and selection.fields is None:
            metadata["remainingItemCount"] = len(selected) - limit
        selected = selected[:limit]
    return selected, metadata


def _key(record: Record) -> str:
    return f"{record.namespace}/{record.name}"


def _records_at(cluster: Cluster, selection: Selection, version: int, *, has_token: bool) -> list[Record]:
    resource = selection.resource
    if not version or version == cluster.store.revision:
        return cluster.select(resource, selection.namespace)
    records = cluster.store.select_at(*resource.stored_as, selection.namespace, version)
    if records is None:
        message = _CONTINUE_EXPIRED if has_token else f"The resourceVersion for the provided list is too old: {version}"
        raise expired(message)
    return records


def _read_version(cluster: Cluster, query: Mapping[str, str]) -> int:
    """Return the version that a list has to show exactly, or 0 for the newest."""
    wanted = parse_version(query.get("resourceVersion", ""))
    if wanted > cluster.store.revision:
        raise too_large_resource_version(wanted, cluster.store.revision)
    match = query.get("resourceVersionMatch", "")
    if match and not query.get("resourceVersion"):
        text = "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided"
        raise invalid_options("ListOptions", [Cause("resourceVersionMatch", "FieldValueForbidden", text)])
    return wanted if match == "Exact" else 0


def parse_version(text: str) -> int:
    """Return a resourceVersion as a number; 0 stands for none.

    Raises:
        ApiError: It is no number (400).
    """
    if not text:
        return 0
    if not text.isdigit():
        problem = f'Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
        raise bad_request(f"invalid resource version: resourceVersion: {problem}")
    return int(text)


def _write_continue(version: int, start: str) -> str:
    token = {"v": "meta.k8s.io/v1", "rv": version, "start": start}
    return base64.urlsafe_b64encode(_encode(token)).decode().rstrip("=")


def _read_continue(token: str) -> tuple[int, str]:
    try:
        value = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return int(value["rv"]), str(value["start"])
    except (ValueError, KeyError, TypeError) as error:
        raise bad_request(f"invalid continue token: continue key is not valid: {error}") from error


# --- watches -------------------------------------------------------------------------------------------------------


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
        return _encode({"type": kind, "object": self._shaped(to_served(obj, self._selection.resource))}) + b"\n"

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
        return _encode({"type": "BOOKMARK", "object": obj}) + b"\n"

    def _expired(self, version: int) -> bytes:
        oldest = self._cluster.store.broadcast.oldest
        error = expired(f"too old resource version: {version} ({oldest})")
        return _encode({"type": "ERROR", "object": error.body()}) + b"\n"
