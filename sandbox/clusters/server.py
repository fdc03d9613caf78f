"""A TLS server for one ASGI application, in a thread of its own."""

import asyncio
import socket
import threading
import time
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from sandbox.connections import KEEP_ALIVE_SECONDS, NotingProtocol


class ServerError(RuntimeError):
    """A cluster's port cannot be served."""


class TlsServer:
    """Serves an application on 127.0.0.1 until it is stopped.

    A port of 0 lets the system choose; `port` then says which.
    """

    def __init__(self, app: ASGIApp, certificate: Path, key: Path, port: int) -> None:
        self._socket = _listen(port)
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            app,
            http=NotingProtocol,
            ssl_certfile=str(certificate),
            ssl_keyfile=str(key),
            # Logging belongs to the process; clusters that start at once would configure it over each other.
            log_config=None,
            log_level="warning",
            access_log=False,
            ws="none",
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            # Watches stay open for ever; they must not hold up the end.
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name=f"cluster-{self.port}", daemon=True
        )

    def start(self) -> None:
        """Serve, and return as soon as the port answers."""
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise ServerError(f"the server on 127.0.0.1:{self.port} ended while it started")
            time.sleep(0.005)

    def stop(self) -> None:
        """Close the port and every connection."""
        self._server.should_exit = True
        self._thread.join(timeout=5)
        self._socket.close()


class _Server(uvicorn.Server):
    """Ends without waiting for clients that keep idle connections: a TLS goodbye needs an answer."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._abort(idle_only=True)
        await super().shutdown(sockets)
        self._abort(idle_only=False)
        # The loop must go round once more to close what was aborted.
        await asyncio.sleep(0)

    def _abort(self, *, idle_only: bool) -> None:
        for connection in list(self.server_state.connections):
            cycle = getattr(connection, "cycle", None)
            is_idle = cycle is None or cycle.response_complete
            transport = getattr(connection, "transport", None)
            if transport is not None and (is_idle or not idle_only):
                transport.abort()


def _listen(port: int) -> socket.socket:
    # asyncio turns Nagle's algorithm off only where the protocol is named; with it on, every answer takes 40 ms more.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise ServerError(f"cannot listen on 127.0.0.1:{port}: {error.strerror}") from error
    # Connections that come before the server is up wait instead of being refused.
    listener.listen(128)
    return listener
