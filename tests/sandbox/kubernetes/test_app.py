from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest


@pytest.mark.parametrize("authorization", ["", "Bearer other", "Basic dG9rZW4=", "token-of-the-users"])
def test_only_the_token_is_accepted(api: Any, authorization: str) -> None:
    answer = api.request("GET", "/api/v1/namespaces", authorization=authorization)
    assert answer.status_code == 401
    assert answer.json()["reason"] == "Unauthorized"


@pytest.mark.parametrize(("path", "text"), [("/healthz", "ok"), ("/readyz", "ok"), ("/livez/ping", "ok")])
def test_health_is_public(api: Any, path: str, text: str) -> None:
    answer = api.request("GET", path, authorization="")
    assert (answer.status_code, answer.text) == (200, text)
    assert api.request("GET", path, authorization="Bearer other").status_code == 401


def test_version(api: Any) -> None:
    assert api.get("/version")["gitVersion"] == "v1.33.4"


@pytest.mark.parametrize(
    ("method", "path", "code", "text"),
    [
        ("GET", "/nothing", 404, "404 page not found\n"),
        ("GET", "/apis/nothing/v1/things", 404, "404 page not found\n"),
        ("GET", "/apis/apps/v1/things", 404, "the server could not find the requested resource"),
        ("GET", "/api/v1/namespaces/default/nodes", 404, "the server could not find the requested resource"),
        ("PUT", "/api/v1/namespaces", 405, "the server does not allow this method on the requested resource"),
        ("POST", "/api/v1/pods", 405, "the server does not allow this method on the requested resource"),
        ("GET", "/metrics", 501, "the sandbox does not implement GET /metrics"),
        ("GET", "/api/v1/componentstatuses", 501, "the sandbox does not implement componentstatuses"),
    ],
)
def test_paths_that_lead_nowhere(api: Any, method: str, path: str, code: int, text: str) -> None:
    got, body = api.call(method, path)
    assert (got, body if isinstance(body, str) else body["message"]) == (code, text)


def test_importing_the_server_is_quick() -> None:
    program = "import sys, sandbox.kubernetes.app; print(','.join(sorted(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    modules = set(loaded.stdout.strip().split(","))
    assert not modules & {"yaml", "kubernetes", "prefect", "fastapi", "pydantic"}
