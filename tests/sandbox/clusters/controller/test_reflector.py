"""A store follows the API server through cut connections and forgotten versions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import httpx

from sandbox.clusters.controller.client import ApiError, Client
from sandbox.clusters.controller.reflector import Reflector
from sandbox.clusters.controller.resources import PODS, Resource
from sandbox.clusters.controller.store import Store


def pod(name: str, version: int) -> dict[str, Any]:
    return {"metadata": {"namespace": "ml", "name": name, "resourceVersion": str(version)}}


class ScriptedClient:
    """Answers lists and watches from a script; an exception in a watch is raised there."""

    def __init__(self, lists: list[tuple[list[dict[str, Any]], str]], watches: list[list[Any]]) -> None:
        self._lists = lists
        self._watches = watches
        self.watched_from: list[str] = []
        self.is_over = asyncio.Event()

    async def list(self, resource: Resource) -> tuple[list[dict[str, Any]], str]:
        return self._lists.pop(0)

    async def watch(
        self, resource: Resource, version: str, opened: Callable[[], None]
    ) -> AsyncIterator[dict[str, Any]]:
        self.watched_from.append(version)
        opened()
        if not self._watches:
            self.is_over.set()
            await asyncio.Event().wait()
        for event in self._watches.pop(0):
            if isinstance(event, Exception):
                raise event
            yield event


def follow(client_of: Any) -> tuple[Store, ScriptedClient]:
    async def run() -> tuple[Store, ScriptedClient]:
        client, store = client_of(), Store()
        reflector = Reflector(
            cast(Client, client), PODS, store, lambda _, obj: store.put(obj), lambda _, obj: store.remove(obj)
        )
        task = asyncio.create_task(reflector.run())
        await asyncio.wait_for(client.is_over.wait(), 5)
        task.cancel()
        return store, client

    return asyncio.run(run())


def names(store: Store) -> set[str]:
    return {each["metadata"]["name"] for each in store.all()}


def test_a_cut_watch_goes_on_where_it_was() -> None:
    store, client = follow(
        lambda: ScriptedClient(
            [([pod("a", 1)], "5")],
            [
                [{"type": "ADDED", "object": pod("b", 6)}, httpx.ReadError("cut")],
                [{"type": "DELETED", "object": pod("a", 7)}],
            ],
        )
    )
    assert client.watched_from == ["5", "6", "7"]
    assert names(store) == {"b"}


def test_a_version_that_is_gone_leads_to_a_new_list() -> None:
    store, client = follow(
        lambda: ScriptedClient(
            [([pod("a", 1), pod("b", 2)], "5"), ([pod("b", 2), pod("c", 8)], "9")],
            [[ApiError(410, "Expired", "too old resource version")]],
        )
    )
    assert client.watched_from == ["5", "9"]
    assert names(store) == {"b", "c"}


def test_bookmarks_move_the_version_alone() -> None:
    bookmark = {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "30"}}}
    store, client = follow(lambda: ScriptedClient([([pod("a", 1)], "5")], [[bookmark]]))
    assert client.watched_from == ["5", "30"]
    assert names(store) == {"a"}
