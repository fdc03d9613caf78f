from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.kubernetes import watch
from sandbox.kubernetes.cluster import Cluster
from sandbox.kubernetes.negotiation import TABLE, Form
from sandbox.kubernetes.reads import read_selection
from sandbox.kubernetes.storage import Store
from sandbox.kubernetes.watches import start_watch

Object = dict[str, Any]


def config_map(name: str, **labels: str) -> Object:
    metadata = {"name": name, "namespace": "n", "uid": f"uid-{name}", "labels": labels, "creationTimestamp": None}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


class Watching:
    """A watch whose lines are read one by one."""

    def __init__(self, cluster: Cluster, form: Form, query: dict[str, str]) -> None:
        resource = cluster.registry.find("", "v1", "configmaps")
        assert resource is not None
        selection = read_selection(resource, "n", query)
        self._chunks = start_watch(cluster, selection, form, query)
        self._lines: list[Object] = []

    async def next(self) -> Object:
        while not self._lines:
            chunk = await asyncio.wait_for(anext(self._chunks), 5)
            self._lines = [json.loads(line) for line in chunk.splitlines()]
        return self._lines.pop(0)

    async def ends(self) -> bool:
        try:
            while not (await asyncio.wait_for(anext(self._chunks), 5)).strip():
                pass
        except StopAsyncIteration:
            return True
        return False


Scenario = Callable[[Store, Callable[..., Watching]], Awaitable[None]]


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Scenario], None]:
    def run(scenario: Scenario) -> None:
        async def main() -> None:
            store = Store(tmp_path / "objects.db")
            cluster = Cluster(store)
            try:
                await scenario(store, lambda form=None, **query: Watching(cluster, form or Form(), query))
            finally:
                store.close()

        asyncio.run(main())

    return run


def short(event: Object) -> tuple[str, str]:
    return event["type"], event["object"]["metadata"].get("name", "")


def test_a_watch_without_version_begins_with_what_is_there(play: Callable[[Scenario], None]) -> None:
    async def scenario(store: Store, start: Callable[..., Watching]) -> None:
        store.put("", "configmaps", config_map("a"))
        watching = start()
        assert short(await watching.next()) == ("ADDED", "a")
        record = store.put("", "configmaps", config_map("b"))
        store.put("", "configmaps", config_map("b", x="1"))
        store.put("", "secrets", config_map("s"))
        store.remove(record)
        assert [short(await watching.next()) for _ in range(3)] == [("ADDED", "b"), ("MODIFIED", "b"), ("DELETED", "b")]

    play(scenario)


def test_a_watch_from_a_version_has_all_that_came_after(play: Callable[[Scenario], None]) -> None:
    async def scenario(store: Store, start: Callable[..., Watching]) -> None:
        first = store.put("", "configmaps", config_map("a"))
        store.put("", "configmaps", config_map("b"))
        watching = start(resourceVersion=str(first.version))
        assert short(await watching.next()) == ("ADDED", "b")

    play(scenario)


def test_a_selection_is_entered_and_left(play: Callable[[Scenario], None]) -> None:
    async def scenario(store: Store, start: Callable[..., Watching]) -> None:
        store.put("", "configmaps", config_map("a"))
        watching = start(labelSelector="x=1", resourceVersion=str(store.revision))
        for labels in ({"x": "1"}, {"x": "1", "y": "2"}, {"x": "2"}, {}):
            store.put("", "configmaps", config_map("a", **labels))
        events = [await watching.next() for _ in range(3)]
        assert [event["type"] for event in events] == ["ADDED", "MODIFIED", "DELETED"]
        assert events[2]["object"]["metadata"]["labels"] == {"x": "1", "y": "2"}
        assert events[2]["object"]["metadata"]["resourceVersion"] == str(store.revision - 1)

    play(scenario)


def test_initial_events_end_with_a_bookmark(play: Callable[[Scenario], None]) -> None:
    async def scenario(store: Store, start: Callable[..., Watching]) -> None:
        store.put("", "configmaps", config_map("a"))
        watching = start(sendInitialEvents="true", allowWatchBookmarks="true", resourceVersionMatch="NotOlderThan")
        assert short(await watching.next()) == ("ADDED", "a")
        bookmark = await watching.next()
        assert bookmark["type"] == "BOOKMARK"
        metadata = bookmark["object"]["metadata"]
        assert metadata["annotations"] == {"k8s.io/initial-events-end": "true"}
        assert metadata["resourceVersion"] == str(store.revision)

    play(scenario)


def test_bookmarks_come_now_and_then(play: Callable[[Scenario], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.kubernetes.watches.BOOKMARK_SECONDS", 0.01)

    async def scenario(store: Store, start: Callable[..., Watching]) -> None:
        store.put("", "configmaps", config_map("a"))
        watching = start(resourceVersion=str(store.revision), allowWatchBookmarks="true")
        bookmark = await watching.next()
        assert bookmark["type"] == "BOOKMARK"
        assert bookmark["object"]["metadata"]["resourceVersion"] == str(store.revision)

    play(scenario)


def test_a_forgotten_version_is_gone(play: Callable[[Scenario], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "REMEMBERED_EVENTS", 2)

    async def scenario(store: Store, start: Callable[..., Watching]) -> None:
        for name in "abcd":
            store.put("", "configmaps", config_map(name))
        event = await start(resourceVersion="1").next()
        assert event["type"] == "ERROR"
        assert (event["object"]["code"], event["object"]["reason"]) == (410, "Expired")

    play(scenario)


def test_a_watch_ends_in_time_and_with_the_server(play: Callable[[Scenario], None]) -> None:
    async def scenario(store: Store, start: Callable[..., Watching]) -> None:
        store.put("", "configmaps", config_map("a"))
        timed, lasting = start(timeoutSeconds="1", resourceVersion="1"), start(resourceVersion="1")
        reading = asyncio.create_task(lasting.ends())
        assert await timed.ends()
        store.broadcast.close()
        assert await reading

    play(scenario)


def test_rows_come_with_columns_once(play: Callable[[Scenario], None]) -> None:
    async def scenario(store: Store, start: Callable[..., Watching]) -> None:
        watching = start(Form(shape=TABLE, version="v1"))
        for name in "ab":
            obj = config_map(name)
            obj["metadata"]["creationTimestamp"] = "2026-01-31T00:00:00Z"
            store.put("", "configmaps", obj)
        first, second = await watching.next(), await watching.next()
        assert [column["name"] for column in first["object"]["columnDefinitions"]] == ["Name", "Data", "Age"]
        assert second["object"]["columnDefinitions"] is None
        assert second["object"]["rows"][0]["cells"][0] == "b"

    play(scenario)
