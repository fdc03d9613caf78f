"""One running cluster: its API server, the gateway on its TLS port, and its controller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from starlette.types import ASGIApp

from sandbox.clusters.answers import Answers
from sandbox.clusters.calls import CallLog
from sandbox.clusters.controller.controller import Controller
from sandbox.clusters.controller.failures import Failure
from sandbox.clusters.folder import ClusterFolder, Identity, new_controller_token
from sandbox.clusters.forward import Forward
from sandbox.clusters.gateway import Gateway
from sandbox.clusters.real import RealServer, assets_folder
from sandbox.clusters.server import TlsServer
from sandbox.kubernetes.app import create_app

# Takes an API server and the cluster's key; returns what users' calls go through, such as faults on request.
UserCalls = Callable[[ASGIApp, str], ASGIApp]


class Backend(Protocol):
    """The API server behind a cluster's gateway."""

    app: ASGIApp

    def close(self) -> None:
        """End it; what it keeps stays on disk."""


@dataclass(frozen=True)
class ClusterSettings:
    """What all clusters of a sandbox have in common.

    Attributes:
        token: The users' token of every cluster.
        pace: Takes the seconds that something takes in a real cluster, returns those to wait here.
    """

    token: str
    call_log: CallLog
    pace: Callable[[float], float]
    user_calls: UserCalls


class Cluster:
    """A cluster that runs until it is stopped."""

    def __init__(self, key: str, folder: ClusterFolder, settings: ClusterSettings) -> None:
        folder.prepare()
        kept = folder.read_identity()
        self.controller_token = kept.controller_token if kept else new_controller_token()
        self._backend = _start_backend(folder, settings.token)
        try:
            self._start(key, folder, settings, kept.port if kept else 0)
        except BaseException:
            self._backend.close()
            raise

    def _start(self, key: str, folder: ClusterFolder, settings: ClusterSettings, port: int) -> None:
        app = Answers(self._backend.app, settings.token, self._ready_addresses, self._pod_log)
        gateway = Gateway(
            app, settings.user_calls(app, key), key, settings.token, self.controller_token, settings.call_log
        )
        self._server = TlsServer(gateway, folder.certificate, folder.key, port)
        self.endpoint = f"127.0.0.1:{self._server.port}"
        self.authority = folder.authority.read_text()
        self._controller = Controller(
            f"https://{self.endpoint}", folder.authority, self.controller_token, key, settings.pace
        )
        self._server.start()
        try:
            folder.keep_identity(Identity(key, self._server.port, self.controller_token))
            self._controller.start()
        except BaseException:
            self._controller.stop()
            self._server.stop()
            raise

    def stop(self) -> None:
        """Stop it; its objects, port and certificates stay on disk."""
        self._controller.stop()
        self._server.stop()
        self._backend.close()

    def set_failure(self, namespace: str, workload: str, failure: Failure | None) -> None:
        """Let the pods of a workload fail from now on, or work again."""
        self._controller.set_failure(namespace, workload, failure)

    def _ready_addresses(self, namespace: str, service: str) -> int | None:
        return self._controller.ready_addresses(namespace, service)

    def _pod_log(self, namespace: str, pod: str) -> str | None:
        return self._controller.pod_log(namespace, pod)


class _OwnBackend:
    """The sandbox's own API server."""

    def __init__(self, folder: ClusterFolder, token: str) -> None:
        app = create_app(folder.objects, token)
        self.app: ASGIApp = app
        self._close = app.state.close

    def close(self) -> None:
        self._close()


class _RealBackend:
    """A real kube-apiserver."""

    def __init__(self, server: RealServer, folder: ClusterFolder) -> None:
        self._server = server
        server.start()
        self.app: ASGIApp = Forward(f"https://127.0.0.1:{server.port}", folder.authority)

    def close(self) -> None:
        self._server.stop()


def _start_backend(folder: ClusterFolder, token: str) -> Backend:
    assets = assets_folder()
    if assets is None:
        return _OwnBackend(folder, token)
    return _RealBackend(RealServer(folder, assets, token), folder)
