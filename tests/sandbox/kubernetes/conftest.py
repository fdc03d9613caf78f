"""A cluster's API server in this process, and one on a port for real clients."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from starlette.applications import Starlette

from sandbox.clusters.certificates import ensure_certificates
from sandbox.clusters.server import TlsServer
from sandbox.kubernetes.app import create_app

TOKEN = "token-of-the-users"
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"

Object = dict[str, Any]


class Api:
    """Short calls on an API server; each returns the status code and the answer's body."""

    def __init__(self, app: Starlette) -> None:
        self.app = app
        self._runner = asyncio.Runner()
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),
            base_url="https://cluster",
            headers={"Authorization": f"Bearer {TOKEN}", "User-Agent": "tester/1"},
        )

    def close(self) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()
        self.app.state.close()

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        return self._runner.run(self._client.request(method, path, headers=named, **content))

    def call(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> tuple[int, Any]:
        answer = self.request(method, path, body, content_type=kind)
        is_json = answer.headers["content-type"].startswith("application/json")
        return answer.status_code, answer.json() if is_json else answer.text

    def get(self, path: str) -> Object:
        code, body = self.call("GET", path)
        assert code == 200, body
        return dict(body)

    def create(self, path: str, obj: Object) -> Object:
        code, body = self.call("POST", path, obj)
        assert code == 201, body
        return dict(body)

    def merge(self, path: str, patch: Object) -> Object:
        code, body = self.call("PATCH", path, patch, MERGE)
        assert code == 200, body
        return dict(body)

    def apply(self, path: str, obj: Object, manager: str = "tester", query: str = "") -> tuple[int, Any]:
        return self.call("PATCH", f"{path}?fieldManager={manager}{query}", obj, APPLY)

    def delete(self, path: str, **options: Any) -> Object:
        code, body = self.call("DELETE", path, options or None)
        assert code == 200, body
        return dict(body)

    def exists(self, path: str) -> bool:
        return self.call("GET", path)[0] == 200


@pytest.fixture
def make_api(tmp_path: Path) -> Iterator[Callable[[], Api]]:
    """Start an API server on the test's database; again, for what a restart finds."""
    made = []

    def make() -> Api:
        made.append(Api(create_app(tmp_path / "objects.db", TOKEN)))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def api(make_api: Callable[[], Api]) -> Api:
    return make_api()


@dataclass(frozen=True)
class Server:
    """An API server on a port."""

    address: str
    folder: Path
    kubeconfig: Path

    def kubectl_command(self, *arguments: str) -> list[str]:
        cache = str(self.folder / "cache")
        return [kubectl_program(), "--kubeconfig", str(self.kubeconfig), "--cache-dir", cache, *arguments]

    def kubectl(self, *arguments: str, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self.kubectl_command(*arguments), input=stdin, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0 or not check, done.stderr
        return done


def kubectl_program() -> str:
    beside = Path(sys.executable).with_name("kubectl")
    return str(beside) if beside.exists() else "kubectl"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("cluster")
    ensure_certificates(folder)
    app = create_app(folder / "objects.db", TOKEN)
    listening = TlsServer(app, folder / "server.pem", folder / "server.key", 0)
    listening.start()
    address = f"https://127.0.0.1:{listening.port}"
    cluster = {"server": address, "certificate-authority": str(folder / "ca.pem")}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "sandbox", "cluster": cluster}],
        "users": [{"name": "user", "user": {"token": TOKEN}}],
        "contexts": [{"name": "sandbox", "context": {"cluster": "sandbox", "user": "user"}}],
        "current-context": "sandbox",
    }
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(config))
    try:
        yield Server(address, folder, kubeconfig)
    finally:
        app.state.close()
        listening.stop()


@pytest.fixture
def objects() -> dict[str, Object]:
    """Objects to start from, each test its own."""
    return dict(yaml.safe_load((Path(__file__).parent / "objects.yaml").read_text()))
