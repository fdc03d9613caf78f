"""The paths of Service Networking v1; the project is in the network's name, so handlers ask whether the API is on."""

from __future__ import annotations

from sandbox.kernel.request_types import typed
from sandbox.kernel.routes import Route, Service
from sandbox.services.servicenetworking import handlers
from sandbox.services.servicenetworking.store import HOST

_CONNECTIONS = "/v1/services/{producer}/connections"

SERVICE = Service(
    HOST,
    [
        Route("GET", _CONNECTIONS, handlers.list_),
        Route("POST", _CONNECTIONS, typed("servicenetworking", "Connection", handlers.create)),
        Route("PATCH", _CONNECTIONS + "/{name}", typed("servicenetworking", "Connection", handlers.patch)),
        Route("POST", _CONNECTIONS + "/{name}", typed("servicenetworking", "DeleteConnectionRequest", handlers.delete)),
        Route("GET", "/v1/operations/{name}", handlers.get_operation),
    ],
)
