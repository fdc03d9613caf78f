"""Clusters to test with: the sandbox's own API server, and a real one where there is one."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client, watch

from sandbox.clusters.manager import ClusterAddress, Clusters

TOKEN = "token-of-the-users"
KEY = "acme-dev/us-central1/pipelines"
WAIT_SECONDS = 20


@dataclass
class RecordingLog:
    """A call log that a test can read."""

    calls: list[dict[str, Any]] = field(default_factory=list)

    def record(self, **call: Any) -> None:
        self.calls.append(call)

    def mutating(self) -> list[dict[str, Any]]:
        return [call for call in self.calls if call["mutating"]]


@dataclass
class RunningCluster:
    """A cluster, and clients that reach it as users do."""

    clusters: Clusters
    log: RecordingLog
    folder: Path
    address: ClusterAddress
    is_real: bool

    def __post_init__(self) -> None:
        (self.folder / "ca.pem").write_text(self.address.ca_certificate)
        configuration = client.Configuration(host=f"https://{self.address.endpoint}")
        configuration.ssl_ca_cert = str(self.folder / "ca.pem")
        configuration.api_key = {"authorization": f"Bearer {TOKEN}"}
        self.api = client.ApiClient(configuration)
        self.core = client.CoreV1Api(self.api)
        self.apps = client.AppsV1Api(self.api)
        self.batch = client.BatchV1Api(self.api)

    def close(self) -> None:
        self.api.close()
        self.api.rest_client.pool_manager.clear()

    def namespace(self, name: str) -> str:
        self.core.create_namespace({"metadata": {"name": name}})
        return name

    def wait(
        self, listing: Callable[..., Any], is_wanted: Callable[[Any], Any], *, seconds: int = WAIT_SECONDS, **where: Any
    ) -> Any:
        """Watch a listing until an object is as wanted, and return that object."""
        last = None
        stream = watch.Watch()
        for event in stream.stream(listing, timeout_seconds=seconds, **where):
            last = event["object"]
            if event["type"] != "DELETED" and is_wanted(last):
                stream.stop()
                return last
        raise AssertionError(f"not as wanted after {seconds} s: {last}")

    def wait_gone(self, listing: Callable[..., Any], name: str, **where: Any) -> None:
        """Watch a listing until an object is gone."""
        selector = f"metadata.name={name}"
        found = listing(field_selector=selector, **where)
        stream = watch.Watch()
        if not found.items:
            return
        version = found.metadata.resource_version
        arguments = {"field_selector": selector, "resource_version": version, "timeout_seconds": WAIT_SECONDS, **where}
        for event in stream.stream(listing, **arguments):
            if event["type"] == "DELETED":
                stream.stop()
                return
        raise AssertionError(f"{name} is still there after {WAIT_SECONDS} s")

    def wait_ready(self, namespace: str, deployment: str) -> Any:
        """Wait until a Deployment is ready in the sense of `kubectl rollout status`."""
        return self.wait(
            self.apps.list_namespaced_deployment,
            _is_rolled_out,
            namespace=namespace,
            field_selector=f"metadata.name={deployment}",
        )

    def wait_event(self, namespace: str, reason: str, text: str) -> str:
        """Wait for an event and return its message."""
        event = self.wait(
            self.core.list_namespaced_event,
            lambda event: event.reason == reason and text in event.message,
            namespace=namespace,
        )
        return str(event.message)

    def kubectl(self, *arguments: str, given: str = "") -> str:
        config = self.folder / "kubeconfig"
        config.write_text(
            yaml.safe_dump(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "clusters": [
                        {
                            "name": "it",
                            "cluster": {
                                "server": f"https://{self.address.endpoint}",
                                "certificate-authority": str(self.folder / "ca.pem"),
                            },
                        }
                    ],
                    "users": [{"name": "it", "user": {"token": TOKEN}}],
                    "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
                    "current-context": "it",
                }
            )
        )
        program = Path(sys.executable).with_name("kubectl")
        command = [str(program), f"--kubeconfig={config}", f"--cache-dir={self.folder / 'cache'}", *arguments]
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout


def _is_rolled_out(deployment: Any) -> bool:
    status, wanted = deployment.status, deployment.spec.replicas
    return bool(
        status.observed_generation == deployment.metadata.generation
        and (status.updated_replicas or 0) == wanted
        and (status.replicas or 0) == wanted
        and (status.available_replicas or 0) == wanted
    )


def deployment(name: str, **pod_spec: Any) -> dict[str, Any]:
    """Return a Deployment of one pod."""
    container = {"name": "main", "image": f"example.com/{name}:1", **pod_spec.pop("container", {})}
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": pod_spec.pop("replicas", 1),
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container], **pod_spec}},
        },
    }


@pytest.fixture(scope="session")
def make_deployment() -> Callable[..., dict[str, Any]]:
    return deployment


@pytest.fixture(scope="module", params=["sandbox", "real"])
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCluster]:
    """A cluster in which nothing takes time, shared by a module: each test takes a namespace of its own."""
    folder = tmp_path_factory.mktemp("cluster")
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "real":
            patch.setenv("KUBEBUILDER_ASSETS", str(request.getfixturevalue("real_programs")))
        else:
            patch.delenv("KUBEBUILDER_ASSETS", raising=False)
        log = RecordingLog()
        clusters = Clusters(folder, TOKEN, log)
        running = RunningCluster(clusters, log, folder, clusters.create(KEY), request.param == "real")
        yield running
        running.close()
        clusters.stop_all()
    assert [
        thread.name for thread in threading.enumerate() if thread.name.startswith(("cluster-", "controller-"))
    ] == []


@pytest.fixture
def own_clusters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., tuple[Clusters, RecordingLog]]]:
    """Makes managers of the sandbox's own clusters over one folder."""
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    made: list[Clusters] = []

    def make(**settings: Any) -> tuple[Clusters, RecordingLog]:
        log = RecordingLog()
        made.append(Clusters(tmp_path, TOKEN, log, **settings))
        return made[-1], log

    yield make
    for clusters in made:
        clusters.stop_all()


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Callable[[Clusters, RecordingLog, str], RunningCluster]]:
    """Connects to a running cluster of a manager."""
    connected: list[RunningCluster] = []

    def to(clusters: Clusters, log: RecordingLog, key: str) -> RunningCluster:
        connected.append(RunningCluster(clusters, log, tmp_path, clusters.addresses()[key], is_real=False))
        return connected[-1]

    yield to
    for each in connected:
        each.close()
