"""Passes requests on to a real API server and its answers back, watches included, so that the gateway sees them."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

# Of one connection only (RFC 9110, 7.6.1), or set anew by the next.
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "host"})


class Forward:
    """An ASGI application that answers with another server's answers."""

    def __init__(self, base_url: str, authority: Path) -> None:
        self._base_url = base_url
        self._client = httpx.AsyncClient(
            verify=ssl.create_default_context(cafile=str(authority)),
            timeout=httpx.Timeout(10, read=None, pool=None),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=None),
            trust_env=False,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward one request, or close every connection at the end."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        request = Request(scope, receive)
        outgoing = self._client.build_request(
            request.method,
            httpx.URL(self._base_url).copy_with(
                raw_path=scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
            ),
            headers=[
                (name, value)
                for name, value in request.headers.items()
                if name not in _HOP_BY_HOP and name != "content-length"
            ],
            content=await request.body(),
        )
        try:
            answer = await self._client.send(outgoing, stream=True)
        except httpx.TransportError as error:
            body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 502, "message": str(error)}
            await JSONResponse(body, 502)(scope, receive, send)
            return
        response = StreamingResponse(_raw(answer), answer.status_code)
        response.raw_headers = [
            (name.lower(), value)
            for name, value in answer.headers.raw
            if name.lower().decode("latin-1") not in _HOP_BY_HOP
        ]
        await response(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._client.aclose()
        await send({"type": "lifespan.shutdown.complete"})


async def _raw(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.aiter_raw():
            yield chunk
    finally:
        await answer.aclose()
