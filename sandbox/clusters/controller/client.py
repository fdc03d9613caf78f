"""Speaks the Kubernetes API: list, watch, create, patch, delete.

Source: the API concepts of Kubernetes, https://kubernetes.io/docs/reference/using-api/api-concepts/.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx

from sandbox.clusters.controller.objects import Object
from sandbox.clusters.controller.resources import Resource

MERGE_PATCH = "application/merge-patch+json"
PAGE = 500
# The server ends a watch by itself, as it does for client-go's.
WATCH_SECONDS = 540
REQUESTS_AT_ONCE = 8
FIELD_MANAGER = "kube-controller-manager"


class ApiError(Exception):
    """The API server refused a request."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.reason = reason

    @property
    def is_missing(self) -> bool:
        """Whether the object is not there."""
        return self.status == 404

    @property
    def is_conflict(self) -> bool:
        """Whether the object exists already or has changed meanwhile."""
        return self.status == 409

    @property
    def is_expired(self) -> bool:
        """Whether the resourceVersion is too old to watch from."""
        return self.status == 410


class Client:
    """Talks to one API server; belongs to one event loop."""

    def __init__(self, base_url: str, authority: Path, token: str) -> None:
        context = ssl.create_default_context(cafile=str(authority))
        # Watches have a pool of their own: the pool looks through all its connections for every request.
        self._http, self._watches = (
            httpx.AsyncClient(
                base_url=base_url,
                verify=context,
                headers={"Authorization": f"Bearer {token}", "User-Agent": f"{FIELD_MANAGER}/sandbox"},
                timeout=httpx.Timeout(30, pool=None),
                # With a limit on idle ones the pool counts busy ones among them, and closes what it could keep.
                limits=httpx.Limits(max_connections=most, max_keepalive_connections=None),
                trust_env=False,
            )
            for most in (REQUESTS_AT_ONCE, None)
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._http.aclose()
        await self._watches.aclose()
        # The loop must go round once more to close the sockets.
        await asyncio.sleep(0)

    async def read(self, path: str, **query: str) -> Object:
        """Read any path."""
        return await self._send("GET", path, query)

    async def list(self, resource: Resource, namespace: str = "") -> tuple[list[Object], str]:
        """Return all objects and the version of the list."""
        objects: list[Object] = []
        query = {"limit": str(PAGE)}
        while True:
            page = await self._send("GET", resource.path(namespace), query)
            for item in page["items"]:
                objects.append({"apiVersion": resource.api_version, "kind": resource.kind, **item})
            token = page["metadata"].get("continue")
            if not token:
                return objects, page["metadata"]["resourceVersion"]
            query["continue"] = token

    async def watch(self, resource: Resource, version: str, opened: Callable[[], None]) -> AsyncIterator[Object]:
        """Yield watch events after a version, until the server ends the watch.

        Args:
            resource: What to watch, in all namespaces.
            version: The version that is known.
            opened: Called when the server has taken the watch.

        Raises:
            ApiError: The version is gone (410), or the server failed.
        """
        query = {
            "watch": "true",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(WATCH_SECONDS),
        }
        timeout = httpx.Timeout(30, read=None, pool=None)
        async with self._watches.stream("GET", resource.path(), params=query, timeout=timeout) as answer:
            if answer.status_code != 200:
                await answer.aread()
                raise _error(answer)
            opened()
            rest = b""
            async for chunk in answer.aiter_raw():
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    if line:
                        yield _checked(json.loads(line))

    async def create(self, resource: Resource, obj: Object, subresource: str = "") -> Object:
        """Create an object, or post to a subresource of one."""
        metadata = obj["metadata"]
        name = metadata["name"] if subresource else ""
        path = resource.path(metadata.get("namespace", ""), name, subresource)
        return await self._send("POST", path, {"fieldManager": FIELD_MANAGER}, obj)

    async def patch(
        self, resource: Resource, key: tuple[str, str], patch: Object, *, subresource: str = "", manager: str = ""
    ) -> Object:
        """Merge a patch into an object."""
        query = {"fieldManager": manager or FIELD_MANAGER}
        return await self._send("PATCH", resource.path(*key, subresource), query, patch)

    async def replace(self, resource: Resource, obj: Object, subresource: str = "") -> Object:
        """Put an object in place of what is there."""
        metadata = obj["metadata"]
        path = resource.path(metadata.get("namespace", ""), metadata["name"], subresource)
        return await self._send("PUT", path, {"fieldManager": FIELD_MANAGER}, obj)

    async def delete(self, resource: Resource, key: tuple[str, str], *, uid: str = "", **options: Any) -> Object:
        """Delete an object; with a uid, only if it is still that one."""
        body: Object = {"kind": "DeleteOptions", "apiVersion": "v1", **options}
        if uid:
            body["preconditions"] = {"uid": uid}
        return await self._send("DELETE", resource.path(*key), {}, body)

    async def delete_all(self, path: str) -> None:
        """Delete a whole collection."""
        await self._send("DELETE", path, {"propagationPolicy": "Background"})

    async def _send(self, method: str, path: str, query: dict[str, str], body: Object | None = None) -> Object:
        headers = {"Content-Type": MERGE_PATCH if method == "PATCH" else "application/json"}
        content = None if body is None else json.dumps(body).encode()
        answer = await self._http.request(method, path, params=query, headers=headers, content=content)
        if answer.status_code >= 400:
            raise _error(answer)
        parsed: Object = json.loads(answer.content)
        return parsed


def _checked(event: Object) -> Object:
    if event["type"] == "ERROR":
        status = event["object"]
        raise ApiError(status.get("code", 500), status.get("reason", ""), status.get("message", ""))
    return event


def _error(answer: httpx.Response) -> ApiError:
    try:
        status = json.loads(answer.content)
        return ApiError(answer.status_code, status.get("reason", ""), status.get("message", ""))
    except (ValueError, AttributeError):
        return ApiError(answer.status_code, "", answer.text[:200])
