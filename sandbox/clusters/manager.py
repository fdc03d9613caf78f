"""The clusters of a sandbox: made, removed, and started again where they were, with the endpoints they had."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from sandbox.clusters.calls import CallLog
from sandbox.clusters.cluster import Cluster, ClusterSettings, UserCalls
from sandbox.clusters.controller.failures import Failure
from sandbox.clusters.export import export_cluster
from sandbox.clusters.folder import ClusterFolder

_STARTED_AT_ONCE = 4


@dataclass(frozen=True)
class ClusterAddress:
    """How to reach a cluster.

    Attributes:
        endpoint: "127.0.0.1:PORT", as in GKE's answer.
        ca_certificate: PEM.
    """

    endpoint: str
    ca_certificate: str


def immediately(real_seconds: float) -> float:
    """Wait for nothing."""
    return 0.0


def unchanged(app: ASGIApp, key: str) -> ASGIApp:
    """Let users' calls through as they are."""
    return app


class Clusters:
    """All clusters of a sandbox. Every method may be called from any thread.

    Args:
        data_dir: The sandbox's folder.
        token: The users' token of every cluster.
        call_log: Where every request is written down.
        pace: Takes the seconds that something takes in a real cluster, returns those to wait here.
        user_calls: What users' calls go through, such as faults on request.
    """

    def __init__(
        self,
        data_dir: Path,
        token: str,
        call_log: CallLog,
        pace: Callable[[float], float] = immediately,
        user_calls: UserCalls = unchanged,
    ) -> None:
        self._folder = data_dir / "clusters"
        self._settings = ClusterSettings(token, call_log, pace, user_calls)
        self._running: dict[str, Cluster] = {}
        self._lock = threading.Lock()
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def create(self, key: str) -> ClusterAddress:
        """Make and start a cluster, or return the one that there is.

        Args:
            key: "PROJECT/LOCATION/NAME".

        Raises:
            ValueError: The key is of another form.
            ServerError, RealServerError, ControllerError: It did not start.
        """
        folder = ClusterFolder.of(self._folder, key)
        with self._lock_of(key):
            cluster = self._running.get(key)
            if cluster is None:
                cluster = Cluster(key, folder, self._settings)
                self._running[key] = cluster
            return _address(cluster)

    def delete(self, key: str) -> None:
        """Stop a cluster and remove everything of it; one that does not exist is no error."""
        folder = ClusterFolder.of(self._folder, key)
        with self._lock_of(key):
            cluster = self._running.pop(key, None)
            if cluster is not None:
                cluster.stop()
            folder.delete()

    def start_all(self) -> None:
        """Start every cluster that is on disk, at the endpoint that it had."""
        keys = self._keys_on_disk()
        if keys:
            with ThreadPoolExecutor(min(_STARTED_AT_ONCE, len(keys))) as pool:
                list(pool.map(self.create, keys))

    def stop_all(self) -> None:
        """Stop every cluster; they stay on disk."""
        for key in list(self._running):
            with self._lock_of(key):
                cluster = self._running.pop(key, None)
                if cluster is not None:
                    cluster.stop()

    def addresses(self) -> dict[str, ClusterAddress]:
        """Return the addresses of all running clusters by their keys."""
        return {key: _address(cluster) for key, cluster in sorted(dict(self._running).items())}

    def export(self, key: str) -> list[dict[str, Any]] | None:
        """Return the cluster's objects without what differs between equal clusters, None where it is gone.

        A deletion waits until they are read, as a real control plane answers as long as it is there.
        """
        with self._lock_of(key):
            cluster = self._running.get(key)
            if cluster is None:
                return None
            return export_cluster(cluster.endpoint, cluster.authority, cluster.controller_token)

    def set_failure(self, key: str, namespace: str, workload: str, failure: Failure | None) -> None:
        """Let the pods of a workload fail from now on, or with None work again.

        Raises:
            KeyError: There is no such cluster.
        """
        self._running[key].set_failure(namespace, workload, failure)

    def _lock_of(self, key: str) -> threading.Lock:
        with self._lock:
            return self._locks[key]

    def _keys_on_disk(self) -> list[str]:
        folders = sorted(self._folder.iterdir()) if self._folder.exists() else []
        identities = [ClusterFolder(path).read_identity() for path in folders]
        return [identity.key for identity in identities if identity is not None]


def _address(cluster: Cluster) -> ClusterAddress:
    return ClusterAddress(cluster.endpoint, cluster.authority)
