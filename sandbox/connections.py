"""Dropping a connection: the one thing that ASGI has no word for. The server's protocol notes its transports."""

from __future__ import annotations

import asyncio
from typing import Any
from weakref import WeakValueDictionary

from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

_TRANSPORTS: WeakValueDictionary[tuple[str, int], asyncio.BaseTransport] = WeakValueDictionary()


class NotingProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 protocol; what it serves can be cut off by its client's address."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Note the transport."""
        peer: Any = transport.get_extra_info("peername")
        if peer:
            _TRANSPORTS[(peer[0], peer[1])] = transport
        super().connection_made(transport)


def drop_connection(scope: Scope) -> None:
    """Cut the connection of a request without an answer."""
    transport = _TRANSPORTS.get(tuple(scope["client"]))
    if isinstance(transport, asyncio.Transport):
        transport.abort()
