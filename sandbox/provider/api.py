"""Calls to Google's APIs: address, token, JSON, and the retries of the real provider.

Built on http.client: the process lives for a second or two, and a richer client would spend that on its import.
"""

from __future__ import annotations

import http.client
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from sandbox.provider.batches import Batches
from sandbox.provider.errors import ApiFailure, ConfigurationError, ConnectionCut, Gone, ProviderError
from sandbox.provider.settings import Settings

Json = dict[str, Any]
RETRIED = frozenset({429, 500, 502, 503})
RETRY_SECONDS = (0.5, 1.0, 1.5, 2.5, 4.0, 6.5)
"""As recorded of the real provider, cut where patience on one machine ends."""
_CUT = (ConnectionResetError, BrokenPipeError, http.client.BadStatusLine)
_SAFE = "/:@%*!$&'()+,;=~"


class Api:
    """One configured connection to the cloud; safe to share between threads."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.batches = Batches(settings.batch_seconds)
        self._local = threading.local()
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def get(self, service: str, path: str, query: Mapping[str, str] | None = None) -> Json:
        """GET; raises Gone for 404."""
        return self.call(service, "GET", path, query=query)

    def call(
        self,
        service: str,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        retry_when: Callable[[ApiFailure], bool] = lambda failure: False,
    ) -> Json:
        """Call an API and return its JSON object.

        Args:
            service: the API, such as "compute".
            path: relative to the API's custom endpoint.
            retry_when: further answers that heal by waiting.

        Raises:
            Gone: 404 to a GET.
            ApiFailure: any other answer outside 2xx.
        """
        for pause in (*RETRY_SECONDS, None):
            try:
                return self._once(service, method, path, body, query)
            except ApiFailure as failure:
                if failure.code == 404 and method == "GET":
                    raise Gone(f"{path}: {failure.message}") from failure
                if pause is None or not (_is_passing(failure) or retry_when(failure)):
                    raise
            except ConnectionCut:
                if pause is None:
                    raise
            time.sleep(pause)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def upload(self, bucket: str, name: str, metadata: Mapping[str, Any], media: bytes, content_type: str) -> Json:
        """Store an object (multipart upload, JSON and content in one request).

        Google's Go client puts the path below the root of the address, whatever path the endpoint itself has.
        """
        base = urlsplit(self.settings.endpoint("storage"))
        boundary = os.urandom(16).hex()
        head = f"--{boundary}\r\nContent-Type: application/json\r\n\r\n{json.dumps(dict(metadata))}\r\n"
        part = f"--{boundary}\r\nContent-Type: {content_type}\r\n\r\n"
        payload = head.encode() + part.encode() + media + f"\r\n--{boundary}--\r\n".encode()
        query = urlencode({"alt": "json", "name": name, "uploadType": "multipart"})
        target = f"/upload/storage/v1/b/{quote(bucket, safe='')}/o?{query}"
        headers = {**self._headers(), "Content-Type": f"multipart/related; boundary={boundary}"}
        status, raw = self._exchange(f"{base.scheme}://{base.netloc}", "POST", target, payload, headers)
        return _decode(status, raw)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.settings.token}", "User-Agent": "mlops-env-sandbox-provider"}

    @contextmanager
    def exclusive(self, key: str) -> Iterator[None]:
        """Hold the named lock: read-modify-write on one object, or an API that takes one change at a time."""
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            yield

    def _once(
        self,
        service: str,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        query: Mapping[str, str] | None,
    ) -> Json:
        base = urlsplit(self.settings.endpoint(service))
        target = f"{base.path}{quote(path, safe=_SAFE)}?{urlencode({'alt': 'json', **(query or {})})}"
        payload = None if body is None else json.dumps(body).encode()
        headers = self._headers()
        if payload is not None:
            headers["Content-Type"] = "application/json"
        status, raw = self._exchange(f"{base.scheme}://{base.netloc}", method, target, payload, headers)
        return _decode(status, raw)

    def _exchange(
        self, origin: str, method: str, target: str, payload: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        """Send on this thread's connection; a connection that the server had closed meanwhile is renewed once."""
        for is_last in (False, True):
            connection, is_new = self._connection(origin)
            try:
                connection.request(method, target, payload, dict(headers))
                answer = connection.getresponse()
                return answer.status, answer.read()
            except (OSError, http.client.HTTPException) as problem:
                connection.close()
                self._local.connections.pop(origin, None)
                if is_new or is_last or not isinstance(problem, ConnectionError | http.client.BadStatusLine):
                    address = f"{method} {origin}{target.split('?')[0]}"
                    kind = ConnectionCut if isinstance(problem, _CUT) else ProviderError
                    raise kind(f"{address}: {problem or type(problem).__name__}") from problem
        raise AssertionError("unreachable: the second attempt returns or raises")

    def close(self) -> None:
        """Close this thread's connections."""
        for connection in self._local.__dict__.pop("connections", {}).values():
            connection.close()

    def _connection(self, origin: str) -> tuple[http.client.HTTPConnection, bool]:
        connections: dict[str, http.client.HTTPConnection] = self._local.__dict__.setdefault("connections", {})
        if origin in connections:
            return connections[origin], False
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigurationError(f"{origin} is not the address of an API")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connections[origin] = kind(parts.hostname, parts.port, timeout=self.settings.request_timeout_seconds)
        return connections[origin], True


def _decode(status: int, raw: bytes) -> Json:
    try:
        body = json.loads(raw) if raw.strip() else {}
    except ValueError:
        body = {}
    if status >= 400:
        raise ApiFailure(status, body if isinstance(body, dict) else {}, raw[:300].decode(errors="replace"))
    return body if isinstance(body, dict) else {}


def _is_passing(failure: ApiFailure) -> bool:
    if failure.code in RETRIED:
        return True
    if failure.code == 409:
        return "operationInProgress" in f"{failure.reason} {failure.message}"
    if failure.code == 400:
        return "resourceNotReady" in f"{failure.reason} {failure.message}"
    reasons = {str(item.get("reason")) for item in failure.details}
    return failure.code == 403 and (
        "CONCURRENT_OPERATIONS_QUOTA_EXCEEDED" in reasons
        or ("Quota exceeded for quota metric" in failure.message and "per minute" in failure.message)
    )
