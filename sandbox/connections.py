"""How long a connection lives; and dropping it, for which ASGI has no word: the protocol notes its transports."""

from __future__ import annotations

import asyncio
from typing import Any
from weakref import WeakValueDictionary

from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

KEEP_ALIVE_SECONDS = 610
"""How long an idle connection stays open, as at Google's front ends: a client that writes as it is closed fails."""

# By both ends: one client may use the same port of its own towards several of ours.
_TRANSPORTS: WeakValueDictionary[tuple[Any, ...], asyncio.BaseTransport] = WeakValueDictionary()


class NotingProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 protocol; what it serves can be cut off by the addresses of its ends."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Note the transport."""
        peer, own = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        if peer and own:
            _TRANSPORTS[(*peer[:2], *own[:2])] = transport
        super().connection_made(transport)


def drop_connection(scope: Scope) -> None:
    """Cut the connection of a request without an answer."""
    transport = _TRANSPORTS.get((*scope["client"], *scope["server"]))
    if isinstance(transport, asyncio.Transport):
        transport.abort()
