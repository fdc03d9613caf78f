"""One connection to a cluster's API server: TLS verified by the cluster's own CA, a bearer token, pooled connections.

All of it lives in memory: no kubeconfig, no file, no plugin. The official client's REST layer does the talking; its
generated models and kubeconfig loaders stay out.

Source: https://kubernetes.io/docs/reference/using-api/api-concepts/
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from urllib.parse import urlencode

from clients.addresses import Addresses
from clients.credentials import access_token
from clients.kubernetes.errors import AUTHORIZED_NETWORKS, connection_error, status_error
from clients.parallel import AT_ONCE
from environment.errors import UnreachableError

CONNECT_SECONDS = 4.0
READ_SECONDS = 60.0
REACH_SECONDS = 4.0  # tried three times, as an unreachable endpoint is, this still ends within 20 s
JSON = "application/json"
APPLY = "application/apply-patch+yaml"  # JSON is YAML
JSON_PATCH = "application/json-patch+json"


@dataclass(frozen=True)
class ClusterAccess:
    """Where a cluster answers and how it is known: `endpoint` is "https://ADDRESS", `ca_certificate` PEM. No secret.

    It is spoken to as the spec says: `impersonate` is the service account, `credentials` the name of those to use.
    """

    endpoint: str
    ca_certificate: str = field(repr=False)
    impersonate: str | None = None
    credentials: str | None = None


@dataclass(frozen=True)
class Answer:
    """What the API server answered to a request that it accepted."""

    status: int
    body: Any


class Cluster:
    """The API server of one cluster; safe to use from several threads."""

    def __init__(self, access: ClusterAccess, addresses: Addresses) -> None:
        from kubernetes.client.configuration import Configuration
        from kubernetes.client.rest import RESTClientObject

        self._addresses = addresses
        self._token_lock = Lock()
        self.endpoint = access.endpoint
        # Retries are ours to decide: urllib3 would try an address that does not answer four times.
        configuration = Configuration(
            host=access.endpoint,
            ca_cert_data=access.ca_certificate,
            connection_pool_maxsize=AT_ONCE,
            retries=False,
        )
        configuration.keep_alive = True
        self._rest: Any = RESTClientObject(configuration)
        self._rest.pool_manager.connection_pool_kw["ssl_context"] = _tls_context()

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        *,
        content_type: str = JSON,
        accept: str | None = None,
        resource: str = "",
        timeout_seconds: float = READ_SECONDS,
    ) -> Answer:
        """Send one request and return the answer.

        Args:
            method: HTTP method.
            path: Path with a leading slash.
            query: Query parameters.
            body: JSON value, sent as it is for every content type.
            content_type: Of the body.
            accept: Form of the answer, JSON by default.
            resource: What an error is about, as "Deployment kubeflow/ml-pipeline".
            timeout_seconds: How long to wait for the answer.

        Raises:
            KubernetesError: When the API server refuses.
            UnreachableError: When it does not answer.
        """
        what = resource or path
        with self._errors(what):
            response = self._send(method, path, query, body, (content_type, accept or JSON), timeout_seconds)
            content = response.read()
            response.response.release_conn()
        if response.status >= 400:
            raise status_error(response.status, content, f"{method.lower()} {what}", what)
        return Answer(response.status, _decoded(content))

    def read_version(self) -> str:
        """Ask for something small, without patience; return the version of Kubernetes.

        Raises:
            UnreachableError: When nothing answers; the hint names authorized networks.
            CredentialsError: When the credentials are refused.
        """
        try:
            body = self.request("GET", "/version", timeout_seconds=REACH_SECONDS).body
        except UnreachableError as error:
            # What stands before an endpoint may take a connection and then drop it.
            raise UnreachableError(error.message, AUTHORIZED_NETWORKS) from error
        return str(body["gitVersion"])

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._rest.close()

    @contextmanager
    def stream(self, path: str, query: Mapping[str, str], *, read_seconds: float) -> Iterator[Iterator[dict[str, Any]]]:
        """Open a stream of JSON lines, as a watch is, until the server ends it or is silent for `read_seconds`."""
        with self._errors(path):
            response = self._send("GET", path, query, None, (JSON, JSON), read_seconds)
            try:
                if response.status >= 400:
                    raise status_error(response.status, response.read(), f"watch {path}", path)
                yield (json.loads(line) for line in response.response if line.strip())
            finally:
                # What is left of the stream is not read, so neither can the connection be used again.
                response.response.close()
                response.response.release_conn()

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Any,
        types: tuple[str, str],
        read_seconds: float,
    ) -> Any:
        from urllib3.exceptions import ProtocolError

        url = f"{self.endpoint}{path}?{urlencode(query)}" if query else f"{self.endpoint}{path}"
        headers = {"Authorization": f"Bearer {self._token()}", "Accept": types[1]}
        if body is not None:
            headers["Content-Type"] = types[0]
        timeout = (CONNECT_SECONDS, read_seconds)
        try:
            return self._rest.request(method, url, headers, body, _request_timeout=timeout)
        except ProtocolError:
            # A pooled connection that the server had just closed. All that we send may be sent twice.
            return self._rest.request(method, url, headers, body, _request_timeout=timeout)

    def _token(self) -> str:
        with self._token_lock:
            return access_token(self._addresses)

    @contextmanager
    def _errors(self, what: str) -> Iterator[None]:
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        try:
            yield
        except (HTTPError, ApiException, OSError) as error:
            raise connection_error(error, self.endpoint, what) from error


def _tls_context() -> ssl.SSLContext:
    """Return how a certificate is verified: as Python did before 3.13, and as kubectl does.

    Since then urllib3 is strict by default and refuses a CA that carries no key identifiers, as a cluster's may be.
    """
    from urllib3.util.ssl_ import create_urllib3_context

    context = create_urllib3_context()
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _decoded(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content.decode(errors="replace")
