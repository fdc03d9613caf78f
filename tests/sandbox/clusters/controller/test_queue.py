"""The queue of what to look at again."""

from __future__ import annotations

import asyncio

from sandbox.clusters.controller.queue import WorkQueue


def test_an_item_that_waits_is_not_queued_twice() -> None:
    async def run() -> list[str]:
        queue: WorkQueue[str] = WorkQueue()
        for item in ("a", "b", "a"):
            queue.add(item)
        taken = [await queue.get(), await queue.get()]
        for item in taken:
            queue.done(item)
        await queue.idle()
        return taken

    assert asyncio.run(run()) == ["a", "b"]


def test_an_item_that_changes_while_it_is_looked_at_comes_back_afterwards() -> None:
    async def run() -> str:
        queue: WorkQueue[str] = WorkQueue()
        queue.add("a")
        item = await queue.get()
        queue.add("a")
        queue.add("b")
        other = await queue.get()
        assert other == "b"  # never at two workers
        queue.done(other)
        queue.done(item)
        return await queue.get()

    assert asyncio.run(run()) == "a"


def test_a_worker_that_waits_gets_what_comes() -> None:
    async def run() -> str:
        queue: WorkQueue[str] = WorkQueue()
        waiting = asyncio.create_task(queue.get())
        await asyncio.sleep(0)
        queue.add("a")
        return await waiting

    assert asyncio.run(run()) == "a"


def test_the_earliest_of_several_moments_counts() -> None:
    async def run() -> str:
        queue: WorkQueue[str] = WorkQueue()
        queue.add_after("a", 60)
        queue.add_after("a", 0)
        return await asyncio.wait_for(queue.get(), 5)

    assert asyncio.run(run()) == "a"
