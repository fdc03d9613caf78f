from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sandbox.kubernetes.app import create_app
from sandbox.kubernetes.export import export_objects


def test_equal_clusters_export_the_same(tmp_path: Path) -> None:
    exports = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "ca.pem").write_text(f"-----BEGIN CERTIFICATE-----\n{name}\n")
        app = create_app(tmp_path / name / "objects.db", "token")
        exports.append(export_objects(tmp_path / name / "objects.db"))
        app.state.close()
    assert exports[0] == exports[1]
    assert len(exports[0]) > 10


def test_what_differs_is_left_out(api: Any, tmp_path: Path) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"password": "hunter2"}}
    api.create("/api/v1/namespaces/default/secrets", secret)
    generated = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "run-"}}
    api.create("/api/v1/namespaces/default/configmaps", generated)
    event = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e"}, "involvedObject": {"kind": "Pod"}}
    api.create("/api/v1/namespaces/default/events", event)
    exported = export_objects(tmp_path / "objects.db")
    text = json.dumps(exported)
    assert not any(word in text for word in ("hunter2", "aHVudGVyMg", "resourceVersion", "uid", "managedFields"))
    found = {(obj["kind"], obj["metadata"]["name"]): obj for obj in exported}
    assert found["Secret", "s"]["data"] == {"password": "…"}
    assert ("ConfigMap", "run-*") in found
    assert not any(kind == "Event" for kind, _ in found)


def test_a_change_shows(api: Any, tmp_path: Path, objects: Any) -> None:
    deployments = "/apis/apps/v1/namespaces/default/deployments"
    api.create(deployments, objects["deployment"])
    before = export_objects(tmp_path / "objects.db")
    api.merge(f"{deployments}/web", {"spec": {"replicas": 2}})
    changed = export_objects(tmp_path / "objects.db")
    api.merge(f"{deployments}/web", {"spec": {"replicas": 1}})
    assert before != changed
    assert export_objects(tmp_path / "objects.db") == before
