"""Long-running operations: begun by a request, done when their time has come.

The effect is stored with the request that begins it; until `ready_at` the operation, and the resource that carries
the same time, say that they are still at work. Nothing runs in the background, so a killed sandbox loses nothing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.kernel.clock import Clock
from sandbox.kernel.errors import not_found
from sandbox.kernel.latency import Latency
from sandbox.kernel.store import Store

COLLECTION = "operations"


@dataclass(frozen=True)
class Operation:
    """One operation.

    Attributes:
        name: unique within its service, without any path.
        service: the host name of its API.
        scope: "global", "regions/R", "zones/Z" or "locations/L".
        verb: the API's word for what it does, such as "insert" or "CREATE_CLUSTER".
        target: the resource's link or name.
        error: {"code", "message"} where it fails.
    """

    name: str
    service: str
    project: str
    scope: str
    verb: str
    target: str
    started_at: float
    ready_at: float
    response: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    error: dict[str, Any] | None = None


class Operations:
    """All operations of all services."""

    def __init__(self, store: Store, clock: Clock, latency: Latency) -> None:
        self._store = store
        self._clock = clock
        self._latency = latency

    def start(
        self,
        service: str,
        project: str,
        *,
        verb: str,
        target: str,
        scope: str = "global",
        name: str = "",
        real_seconds: float = 0.0,
        response: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
        error: dict[str, Any] | None = None,
    ) -> Operation:
        """Begin an operation that in the real cloud takes `real_seconds`."""
        now = self._clock.now()
        operation = Operation(
            name=name or f"operation-{int(now * 1000)}-{self._clock.uuid()[:13]}",
            service=service,
            project=project,
            scope=scope,
            verb=verb,
            target=target,
            started_at=now,
            ready_at=now + self._latency.pace(real_seconds),
            response=response or {},
            metadata=metadata or {},
            error=error,
        )
        self._store.put(COLLECTION, f"{service}/{operation.name}", asdict(operation))
        return operation

    def get(self, service: str, name: str) -> Operation:
        """Return an operation.

        Raises:
            ApiError: 404 where there is none.
        """
        found = self._store.get(COLLECTION, f"{service}/{name}")
        if found is None:
            raise not_found(f"operations/{name}")
        return Operation(**found)

    def of_project(self, service: str, project: str) -> list[Operation]:
        """Return a project's operations at one service, oldest first."""
        found = (Operation(**body) for _, body in self._store.items(COLLECTION, f"{service}/"))
        return sorted((one for one in found if one.project == project), key=lambda one: one.started_at)

    def is_done(self, operation: Operation) -> bool:
        """Tell whether its time has come."""
        return self._clock.now() >= operation.ready_at
