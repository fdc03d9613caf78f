"""The server as a real kubectl sees it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml


@pytest.fixture(scope="module", autouse=True)
def namespace(server: Any) -> None:
    # A created object is sent in protobuf by newer versions.
    assert server.kubectl("create", "namespace", "ml").stdout == "namespace/ml created\n"


@pytest.fixture
def manifest(tmp_path: Path, objects: Any) -> str:
    deployment = {**objects["deployment"], "metadata": {"name": "web", "namespace": "ml"}}
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "ml"}, "data": {"a": "1"}}
    path = tmp_path / "manifest.yaml"
    path.write_text(yaml.safe_dump_all([deployment, config]))
    return str(path)


def test_apply_twice_on_the_client_side(server: Any, manifest: str) -> None:
    created = server.kubectl("apply", "-f", manifest)
    again = server.kubectl("apply", "-f", manifest)
    compared = server.kubectl("diff", "-f", manifest)
    server.kubectl("delete", "-f", manifest)
    assert created.stdout == "deployment.apps/web created\nconfigmap/c created\n"
    assert again.stdout == "deployment.apps/web unchanged\nconfigmap/c unchanged\n"
    assert compared.stdout == ""


def test_apply_twice_on_the_server_side(server: Any, manifest: str) -> None:
    command = ["apply", "--server-side", "-f", manifest, "-o", "json"]
    first, second = (json.loads(server.kubectl(*command).stdout)["items"] for _ in range(2))
    compared = server.kubectl("diff", "--server-side", "-f", manifest)
    server.kubectl("delete", "-f", manifest)
    assert first == second
    assert compared.stdout == ""


def test_a_list_of_objects_is_applied_and_checked(server: Any, tmp_path: Path) -> None:
    item = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "of-a-list", "namespace": "default"}}
    path = tmp_path / "list.json"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [{**item, "data": {"a": "b"}}]}))
    assert "configmap/of-a-list created" in server.kubectl("apply", "-f", str(path)).stdout
    assert "serverside-applied" in server.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(path)).stdout
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [{**item, "dota": {"a": "b"}}]}))
    assert 'unknown field "dota"' in server.kubectl("apply", "-f", str(path), check=False).stderr


def test_validation(server: Any) -> None:
    text = "{apiVersion: v1, kind: ConfigMap, metadata: {name: bad, namespace: ml}, dataa: {}}"
    refused = server.kubectl("apply", "-f", "-", stdin=text, check=False)
    warned = server.kubectl("apply", "--validate=warn", "-f", "-", stdin=text)
    assert 'strict decoding error: unknown field "dataa"' in refused.stderr
    server.kubectl("-n", "ml", "delete", "configmap", "bad")
    assert 'Warning: unknown field "dataa"' in warned.stderr


def test_imperative_commands(server: Any) -> None:
    server.kubectl("-n", "ml", "create", "deployment", "api", "--image=nginx:1", "--port=80")
    for command in (
        ("scale", "deployment", "api", "--replicas=3"),
        ("set", "image", "deployment/api", "nginx=nginx:2"),
        ("label", "deployment", "api", "tier=front"),
        ("expose", "deployment", "api", "--port=80"),
        ("patch", "deployment", "api", "-p", '{"spec": {"minReadySeconds": 5}}'),
    ):
        server.kubectl("-n", "ml", *command)
    row = server.kubectl("-n", "ml", "get", "deployments", "-o", "wide", "--show-labels", "--no-headers").stdout.split()
    assert [*row[:4], *row[5:]] == ["api", "0/3", "0", "0", "nginx", "nginx:2", "app=api", "app=api,tier=front"]
    wide = server.kubectl("-n", "ml", "get", "service", "api", "--no-headers").stdout.split()
    assert [wide[1], wide[3], wide[4]] == ["ClusterIP", "<none>", "80/TCP"]
    described = server.kubectl("-n", "ml", "describe", "deployment", "api").stdout
    assert "Replicas:               3 desired" in described
    server.kubectl("-n", "ml", "wait", "--for=jsonpath={.spec.replicas}=3", "deployment/api", "--timeout=5s")
    server.kubectl("-n", "ml", "delete", "deployment,service", "api", "--cascade=foreground")
    assert server.kubectl("-n", "ml", "get", "deployments").stderr == "No resources found in ml namespace.\n"


def test_explain(server: Any) -> None:
    assert "containerPort\t<integer> -required-" in server.kubectl("explain", "pod.spec.containers.ports").stdout


def test_who_may_what(server: Any) -> None:
    assert server.kubectl("auth", "can-i", "delete", "nodes").stdout == "yes\n"
    assert "system:masters" in server.kubectl("auth", "whoami").stdout


def test_custom_resources(server: Any, objects: Any) -> None:
    server.kubectl("create", "-f", "-", stdin=yaml.safe_dump(objects["definition"]))
    server.kubectl("wait", "--for=condition=Established", "crd/widgets.example.com", "--timeout=5s")
    text = "{apiVersion: example.com/v1, kind: Widget, metadata: {name: w, namespace: ml}, spec: {size: 3}}"
    server.kubectl("apply", "-f", "-", stdin=text)
    assert server.kubectl("-n", "ml", "get", "wg", "--no-headers").stdout.split() == ["w", "3"]
    server.kubectl("delete", "crd", "widgets.example.com")
    assert server.kubectl("get", "widgets.example.com", check=False).returncode == 1


def test_watching(server: Any) -> None:
    command = server.kubectl_command("-n", "ml", "get", "configmaps", "-w", "--output-watch-events", "--no-headers")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        # Every namespace has this one, so the watch has begun.
        assert process.stdout.readline().split()[:2] == ["ADDED", "kube-root-ca.crt"]
        server.kubectl("-n", "ml", "create", "configmap", "seen")
        server.kubectl("-n", "ml", "delete", "configmap", "seen")
        lines = [process.stdout.readline().split()[:2] for _ in range(2)]
        process.terminate()
    assert lines == [["ADDED", "seen"], ["DELETED", "seen"]]
