"""Runs a cluster's control loops in a thread of their own, until they are stopped."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from pathlib import Path

import httpx

from sandbox.clusters.controller import (
    claims,
    daemon_sets,
    deployments,
    endpoints,
    garbage,
    jobs,
    kubelet,
    namespaces,
    programs,
    replica_sets,
    scheduler,
    stateful_sets,
)
from sandbox.clusters.controller.client import ApiError, Client
from sandbox.clusters.controller.events import EventWriter
from sandbox.clusters.controller.failures import Failure, Failures
from sandbox.clusters.controller.nodes import furnish
from sandbox.clusters.controller.objects import key_of
from sandbox.clusters.controller.pod_logs import last_log_line
from sandbox.clusters.controller.queue import WorkQueue
from sandbox.clusters.controller.reflector import Reflector
from sandbox.clusters.controller.resources import ENDPOINTS, PODS, SERVICES
from sandbox.clusters.controller.world import Item, World

logger = logging.getLogger(__name__)

WORKERS = 6
START_TIMEOUT_SECONDS = 60.0
STOP_TIMEOUT_SECONDS = 10.0
FURNISH_AGAIN_SECONDS = 0.2

RECONCILERS = (
    namespaces.RECONCILER,
    deployments.RECONCILER,
    replica_sets.RECONCILER,
    stateful_sets.RECONCILER,
    daemon_sets.RECONCILER,
    jobs.RECONCILER,
    scheduler.RECONCILER,
    kubelet.RECONCILER,
    claims.RECONCILER,
    endpoints.RECONCILER,
    programs.RECONCILER,
    garbage.RECONCILER,
)


class ControllerError(RuntimeError):
    """The controller did not come up."""


class Controller:
    """The control loops of one cluster.

    Args:
        base_url: The API server's address.
        authority: File with the certificate to verify it by.
        token: The controller's own token.
        cluster: "PROJECT/LOCATION/NAME".
        pace: Takes the seconds that something takes in a real cluster, returns those to wait here.
    """

    def __init__(
        self, base_url: str, authority: Path, token: str, cluster: str, pace: Callable[[float], float]
    ) -> None:
        self._base_url = base_url
        self._authority = authority
        self._token = token
        self._cluster = cluster
        self._pace = pace
        self._failures = Failures()
        self._thread = threading.Thread(target=self._run, name=f"controller-{cluster}", daemon=True)
        self._started = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._world: World | None = None

    def start(self) -> None:
        """Start, and return when the cluster is furnished and everything that was there has been looked at.

        Raises:
            ControllerError: That took too long, or the thread ended.
        """
        self._thread.start()
        if not self._started.wait(START_TIMEOUT_SECONDS) or self._world is None:
            raise ControllerError(f"the controller of cluster {self._cluster} did not come up")

    def stop(self) -> None:
        """End every loop and connection."""
        if not self._thread.is_alive():
            return
        if self._loop is not None and self._stopping is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(STOP_TIMEOUT_SECONDS)

    def ready_addresses(self, namespace: str, service: str) -> int | None:
        """Return how many ready addresses a Service has, or None where there is no such Service."""
        world = self._world
        if world is None or world.get(SERVICES, (namespace, service)) is None:
            return None
        found = world.get(ENDPOINTS, (namespace, service))
        return endpoints.ready_addresses(found) if found else 0

    def pod_log(self, namespace: str, pod: str) -> str | None:
        """Return what a pod logs, or None where there is no such pod."""
        world = self._world
        found = world.get(PODS, (namespace, pod)) if world else None
        if world is None or found is None:
            return None
        return last_log_line(found, world.failures.of(found, namespace, kubelet.workload_of(world, found)))

    def set_failure(self, namespace: str, workload: str, failure: Failure | None) -> None:
        """Let the pods of a workload fail from now on, or work again."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._set_failure, namespace, workload, failure)

    def _set_failure(self, namespace: str, workload: str, failure: Failure | None) -> None:
        if failure is None:
            self._failures.by_workload.pop((namespace, workload), None)
        else:
            self._failures.by_workload[namespace, workload] = failure
        if self._world is not None:
            for pod in self._world.stores[PODS].within(namespace):
                self._world.queue.add((kubelet.NAME, key_of(pod)))

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        finally:
            self._started.set()

    async def _main(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        client = Client(self._base_url, self._authority, self._token)
        queue: WorkQueue[Item] = WorkQueue()
        events = EventWriter(client, queue.idle)
        authority = self._authority.read_text()
        world = World(client, events, queue, self._pace, self._cluster, authority, self._failures)
        world.reconcilers = RECONCILERS
        main = asyncio.create_task(self._work(world))
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({main, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for task in (main, stopping):
            task.cancel()
        await asyncio.gather(main, stopping, return_exceptions=True)
        await client.close()

    async def _work(self, world: World) -> None:
        async with asyncio.TaskGroup() as tasks:
            reflectors = [
                Reflector(world.client, resource, store, world.put, world.remove)
                for resource, store in world.stores.items()
            ]
            for reflector in reflectors:
                tasks.create_task(reflector.run())
            for reflector in reflectors:
                await reflector.is_open.wait()
            await _furnish(world)
            for _ in range(WORKERS):
                tasks.create_task(_reconcile_for_ever(world))
            tasks.create_task(world.events.run())
            await world.queue.idle()
            self._world = world
            self._started.set()


async def _furnish(world: World) -> None:
    while True:
        try:
            await furnish(world)
            return
        except (ApiError, httpx.HTTPError) as error:
            logger.warning("cluster %s is not furnished yet: %s", world.cluster, error)
            await asyncio.sleep(FURNISH_AGAIN_SECONDS)


async def _reconcile_for_ever(world: World) -> None:
    by_name = {reconciler.name: reconciler for reconciler in world.reconcilers}
    while True:
        item = await world.queue.get()
        try:
            await by_name[item[0]].reconcile(world, item[1])
            world.queue.forget_failures(item)
        except (ApiError, httpx.HTTPError) as error:
            # Somebody else was faster, or the server is not there: with what the watch brings next it will go.
            logger.debug("%s of %s comes again: %s", *item, error)
            world.queue.retry(item)
        except Exception:
            logger.exception("%s of %s failed", *item)
            world.queue.retry(item)
        finally:
            world.queue.done(item)
