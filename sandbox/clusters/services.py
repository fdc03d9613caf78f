"""What answers behind a cluster's services, for the API server's service proxy.

Of all that KFP's pods serve, only the API's health is played; it is as true as the endpoints are. Everything else says
501 with its name.
"""

import re
from collections.abc import Callable
from typing import Any

_PROXY = re.compile(
    r"/api/v1/namespaces/(?P<namespace>[^/]+)/services/(?:https?:)?(?P<name>[^/:]+)(?::[^/]*)?/proxy(?P<path>/.*)?"
)
_HEALTH = frozenset({"/apis/v2beta1/healthz", "/apis/v1beta1/healthz"})

# Takes (namespace, service) and returns the number of ready addresses, or None where there is no such service.
ReadyAddresses = Callable[[str, str], int | None]


def answer_service(
    method: str, request_path: str, ready_addresses: ReadyAddresses
) -> tuple[int, dict[str, Any]] | None:
    """Answer a request to a service's proxy, or return None for any other path.

    Source: `GET /api/v1/namespaces/{namespace}/services/{name}/proxy/{path}` of the Kubernetes API, and KFP's
    `HealthzService` for the body.
    """
    match = _PROXY.fullmatch(request_path)
    if match is None:
        return None
    name, path = match["name"], match["path"] or "/"
    addresses = ready_addresses(match["namespace"], name)
    if addresses is None:
        return 404, status_body(404, "NotFound", f'services "{name}" not found')
    if addresses == 0:
        return 503, status_body(503, "ServiceUnavailable", f'no endpoints available for service "{name}"')
    if method == "GET" and name == "ml-pipeline" and path in _HEALTH:
        return 200, {"commit_sha": "sandbox", "tag_name": "2.14.4", "multi_user": False}
    return 501, status_body(501, "NotImplemented", f'the sandbox does not play {method} {path} of service "{name}"')


def status_body(code: int, reason: str, message: str) -> dict[str, Any]:
    """Return the body of a failure, as the API server writes it."""
    body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    return {**body, "message": message, "reason": reason, "code": code}
