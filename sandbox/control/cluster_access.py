"""Who may do what in a cluster: a principal's token is taken where its roles on the project allow the call.

As in GKE, IAM stands beside RBAC: `container.deployments.update` for a Deployment, `container.thirdPartyObjects.…` for
what GKE has no permission of its own for. The sandbox's own user passes as it is.

Source: https://cloud.google.com/kubernetes-engine/docs/how-to/iam
"""

from __future__ import annotations

from functools import cache

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.clusters.gateway import bearer_of
from sandbox.kernel.access import Access, role_permissions
from sandbox.kernel.principals import Principal, Principals

_VERBS = {"GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "delete"}


def authorized(app: ASGIApp, key: str, token: str, principals: Principals, access: Access) -> ASGIApp:
    """Return an application that answers principals as far as they may, with the sandbox's token in theirs' place.

    Args:
        app: A cluster's API server, which knows the sandbox's token alone.
        key: "PROJECT/LOCATION/NAME".
        token: The sandbox's token.
        principals: Whose tokens are known.
        access: What they may do.
    """
    project = key.split("/")[0]

    def is_missing(principal: Principal, permission: str) -> bool:
        return bool(access.missing(principal, (permission,), project))

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        given = bearer_of(scope) if scope["type"] == "http" else token
        principal = None if given in ("", token) else principals.find(given)
        if principal is None:
            await app(scope, receive, send)
            return
        permission = _permission(scope["method"], scope["path"])
        if permission != "" and await run_in_threadpool(is_missing, principal, permission):
            await JSONResponse(_forbidden(scope, principal, permission), 403)(scope, receive, send)
            return
        headers = [(name, value) for name, value in scope["headers"] if name != b"authorization"]
        as_user = {**scope, "headers": [*headers, (b"authorization", f"Bearer {token}".encode())]}
        await app(as_user, receive, send)

    return answer


def _permission(method: str, path: str) -> str:
    """Return what a call needs, "" for discovery and the like, which every user of the cluster may read."""
    parts = path.strip("/").split("/")
    rest = parts[2:] if parts[0] == "api" else parts[3:] if parts[0] == "apis" else []
    if len(rest) >= 3 and rest[0] == "namespaces":
        rest = rest[2:]
    if not rest:
        return ""
    verb = "list" if method == "GET" and len(rest) == 1 else _VERBS.get(method, "get")
    permission = _by_lower_case().get(f"container.{rest[0]}.{verb}".lower())
    return permission or f"container.thirdPartyObjects.{verb}"


@cache
def _by_lower_case() -> dict[str, str]:
    return {one.lower(): one for one in role_permissions()["roles/container.admin"]}


def _forbidden(scope: Scope, principal: Principal, permission: str) -> dict[str, object]:
    message = (
        f'User "{principal.email}" cannot {scope["method"].lower()} {scope["path"]}: requires one of '
        f'["{permission}"] permission(s).'
    )
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": "Forbidden",
        "code": 403,
    }
