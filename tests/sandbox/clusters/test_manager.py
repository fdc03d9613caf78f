"""Clusters come, go, and come back as they were."""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

Make = Callable[..., dict[str, Any]]
Managers = Callable[..., Any]
Connect = Callable[..., Any]

KEY = "acme-dev/us-central1-a/pipelines"

_SERVE = """
import sys, time
from pathlib import Path
from sandbox.clusters.manager import Clusters

class Log:
    def record(self, **call): pass

clusters = Clusters(Path(sys.argv[1]), "token-of-the-users", Log())
print(clusters.create(sys.argv[2]).endpoint, flush=True)
time.sleep(600)
"""


def test_a_restart_keeps_objects_endpoint_and_authority(
    own_clusters: Managers, connect: Connect, make_deployment: Make
) -> None:
    first, log = own_clusters()
    address = first.create(KEY)
    cluster = connect(first, log, KEY)
    cluster.namespace("ml")
    cluster.apps.create_namespaced_deployment("ml", make_deployment("web"))
    ready = cluster.wait_ready("ml", "web")
    first.stop_all()
    assert first.addresses() == {}
    second, log = own_clusters()
    second.start_all()
    assert second.addresses() == {KEY: address}
    again = connect(second, log, KEY).wait_ready("ml", "web")
    assert again.metadata.uid == ready.metadata.uid
    assert again.metadata.resource_version == ready.metadata.resource_version
    assert [call for call in log.calls if call["method"] not in ("GET", "HEAD")] == []


def test_a_killed_process_loses_nothing(
    own_clusters: Managers, connect: Connect, tmp_path: Path, make_deployment: Make
) -> None:
    command = [sys.executable, "-c", _SERVE, str(tmp_path), KEY]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        endpoint = process.stdout.readline().strip()
        authority = next(tmp_path.glob("clusters/*/ca.pem"))
        headers = {"Authorization": "Bearer token-of-the-users"}
        with httpx.Client(verify=_trust(authority), headers=headers, trust_env=False) as client:
            made = client.post(f"https://{endpoint}/api/v1/namespaces", json={"metadata": {"name": "kept"}})
        assert made.status_code == 201
        os.kill(process.pid, signal.SIGKILL)
    clusters, log = own_clusters()
    clusters.start_all()
    assert clusters.addresses()[KEY].endpoint == endpoint
    assert connect(clusters, log, KEY).core.read_namespace("kept").metadata.uid == made.json()["metadata"]["uid"]


def test_creating_again_returns_the_same_cluster(own_clusters: Managers) -> None:
    clusters, _ = own_clusters()
    assert clusters.create(KEY) == clusters.create(KEY)


def test_clusters_of_several_projects_are_created_at_once_and_apart(own_clusters: Managers, connect: Connect) -> None:
    clusters, log = own_clusters()
    keys = [f"acme-{name}/us-central1-a/pipelines" for name in ("dev", "staging", "prod")]
    with ThreadPoolExecutor(3) as pool:
        endpoints = {address.endpoint for address in pool.map(clusters.create, keys)}
    assert len(endpoints) == 3
    connect(clusters, log, keys[0]).namespace("only-here")
    other = connect(clusters, log, keys[1])
    assert "only-here" not in {each.metadata.name for each in other.core.list_namespace().items}


def test_a_deleted_cluster_is_gone_for_good(own_clusters: Managers, tmp_path: Path) -> None:
    clusters, _ = own_clusters()
    address = clusters.create(KEY)
    clusters.delete(KEY)
    assert clusters.addresses() == {}
    assert list((tmp_path / "clusters").iterdir()) == []
    with pytest.raises(httpx.ConnectError), httpx.Client(trust_env=False) as client:
        client.get(f"http://{address.endpoint}/")
    clusters.delete(KEY)


def test_another_token_is_refused(own_clusters: Managers, tmp_path: Path) -> None:
    clusters, log = own_clusters()
    address = clusters.create(KEY)
    authority = tmp_path / "authority.pem"
    authority.write_text(address.ca_certificate)
    proxied = "/api/v1/namespaces/kubeflow/services/ml-pipeline/proxy/apis/v2beta1/healthz"
    with httpx.Client(verify=_trust(authority), trust_env=False) as client:
        for path in ("/api/v1/namespaces", proxied):
            answer = client.get(f"https://{address.endpoint}{path}", headers={"Authorization": "Bearer ya29.real"})
            assert answer.status_code == 401
    assert [call["status"] for call in log.calls if call["actor"] == "user"] == [401, 401]


def test_equal_clusters_have_equal_exports(own_clusters: Managers, connect: Connect, make_deployment: Make) -> None:
    clusters, log = own_clusters()
    exports = []
    for name in ("one", "other"):
        key = f"acme-dev/us-central1-a/{name}"
        clusters.create(key)
        cluster = connect(clusters, log, key)
        cluster.namespace("ml")
        cluster.core.create_namespaced_service("ml", {"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}})
        cluster.core.create_namespaced_secret("ml", {"metadata": {"name": "s"}, "stringData": {"password": name}})
        cluster.apps.create_namespaced_deployment("ml", make_deployment("web", replicas=2))
        cluster.wait_ready("ml", "web")
        exports.append([each for each in clusters.export(key) if each["kind"] != "Node"])
    assert exports[0] == exports[1]
    assert ("Deployment", "web") in {(each["kind"], each["metadata"]["name"]) for each in exports[0]}
    cluster.core.create_namespaced_config_map("ml", {"metadata": {"name": "more"}})
    assert clusters.export(key) != exports[1]


def test_export_is_whole_while_the_cluster_is_being_deleted(
    own_clusters: Managers, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sandbox.clusters import manager

    clusters, _ = own_clusters()
    clusters.create(KEY)
    export, deleting = manager.export_cluster, threading.Thread(target=clusters.delete, args=(KEY,))

    def export_meanwhile(*arguments: str) -> Any:
        deleting.start()
        deleting.join(0.5)
        return export(*arguments)

    monkeypatch.setattr(manager, "export_cluster", export_meanwhile)
    assert "kube-system" in {one["metadata"]["name"] for one in clusters.export(KEY)}
    deleting.join()
    assert clusters.export(KEY) is None


def test_users_calls_go_through_what_is_asked_for(own_clusters: Managers, tmp_path: Path) -> None:
    """Faults on request concern users, never the controller."""
    seen: list[str] = []

    def watched(app: Any, key: str) -> Any:
        async def count(scope: Any, receive: Any, send: Any) -> None:
            seen.append(scope["path"])
            await app(scope, receive, send)

        return count

    clusters, _ = own_clusters(user_calls=watched)
    address = clusters.create(KEY)
    authority = tmp_path / "authority.pem"
    authority.write_text(address.ca_certificate)
    headers = {"Authorization": "Bearer token-of-the-users"}
    with httpx.Client(verify=_trust(authority), headers=headers, trust_env=False) as client:
        client.get(f"https://{address.endpoint}/version")
    assert seen == ["/version"]


def test_what_takes_time_in_a_cluster_takes_it_here(
    own_clusters: Managers, connect: Connect, make_deployment: Make
) -> None:
    asked: list[float] = []

    def pace(real_seconds: float) -> float:
        asked.append(real_seconds)
        return real_seconds / 200

    clusters, log = own_clusters(pace=pace)
    clusters.create(KEY)
    cluster = connect(clusters, log, KEY)
    cluster.namespace("ml")
    cluster.apps.create_namespaced_deployment("ml", make_deployment("web"))
    pulling = cluster.wait(cluster.core.list_namespaced_pod, lambda pod: pod.status.container_statuses, namespace="ml")
    assert pulling.status.container_statuses[0].state.waiting.reason == "ContainerCreating"
    cluster.wait_ready("ml", "web")
    assert [seconds for seconds in asked if 20 <= seconds <= 40]


def _trust(authority: Path) -> Any:
    return ssl.create_default_context(cafile=str(authority))
