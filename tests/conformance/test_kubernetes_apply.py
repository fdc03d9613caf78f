"""Sequences of writes by several managers: the sandbox's functions against a real API server, answer by answer."""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from sandbox.kubernetes.apply import ApplyConflict, ApplyError, apply, record_update
from sandbox.kubernetes.defaults import fill_defaults
from sandbox.kubernetes.managers import keep_times
from sandbox.kubernetes.patches import PatchError, json_patch, merge_patch, strategic_merge_patch
from sandbox.kubernetes.roundtrip import as_written
from sandbox.kubernetes.types import Schema, builtin_schema, crd_schema
from sandbox.kubernetes.validation import invalid_fields, set_defaults

HERE = Path(__file__).parent
SEQUENCES = yaml.safe_load((HERE / "kubernetes_sequences.yaml").read_text())
WIDGETS = yaml.safe_load((HERE / "widgets.yaml").read_text())
LATER = "2099-01-01T00:00:00Z"
KINDS = {
    "ConfigMap": ("", "v1", "configmaps"),
    "Secret": ("", "v1", "secrets"),
    "Service": ("", "v1", "services"),
    "ServiceAccount": ("", "v1", "serviceaccounts"),
    "PersistentVolumeClaim": ("", "v1", "persistentvolumeclaims"),
    "Deployment": ("apps", "v1", "deployments"),
    "StatefulSet": ("apps", "v1", "statefulsets"),
    "CronJob": ("batch", "v1", "cronjobs"),
    "Role": ("rbac.authorization.k8s.io", "v1", "roles"),
    "RoleBinding": ("rbac.authorization.k8s.io", "v1", "rolebindings"),
    "Ingress": ("networking.k8s.io", "v1", "ingresses"),
    "NetworkPolicy": ("networking.k8s.io", "v1", "networkpolicies"),
    "Widget": ("example.com", "v1", "widgets"),
}
PATCH_TYPES = {
    "apply": "application/apply-patch+yaml",
    "json": "application/json-patch+json",
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
}
# Set by the server's registry, not by merging.
REGISTRY = ("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink", "namespace")

Object = dict[str, Any]


@pytest.fixture(scope="module")
def server(real_kubernetes: httpx.Client) -> Iterator[httpx.Client]:
    crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    real_kubernetes.post(crds, json=WIDGETS)
    for _ in range(600):
        conditions = real_kubernetes.get(f"{crds}/widgets.example.com").json()["status"].get("conditions") or []
        if any(c["type"] == "Established" and c["status"] == "True" for c in conditions) and (
            real_kubernetes.get("/apis/example.com/v1/widgets").status_code == 200
        ):
            break
    yield real_kubernetes


class Player:
    """One object on the real server, and what the sandbox's functions make of the same steps."""

    def __init__(self, server: httpx.Client, kind: str, name: str):
        group, version, plural = KINDS[kind]
        self.server = server
        self.head = {"apiVersion": f"{group}/{version}" if group else version, "kind": kind}
        self.name = name
        self.collection = f"/{f'apis/{group}' if group else 'api'}/{version}/namespaces/default/{plural}"
        self.schema = schema_of(group, version, kind)
        self.live: Object | None = None

    def body(self, given: Object) -> Object:
        return {**self.head, **given, "metadata": {"name": self.name, **(given.get("metadata") or {})}}

    def send(self, step: Object) -> httpx.Response:
        url = f"{self.collection}/{self.name}" + (f"/{step['subresource']}" if "subresource" in step else "")
        options = {"fieldManager": step["by"]}
        if "create" in step:
            return self.server.post(self.collection, params=options, json=self.body(step["create"]))
        if "update" in step:
            assert self.live is not None
            return self.server.put(url, params=options, json=merge_patch(self.live, step["update"]))
        verb = next(verb for verb in PATCH_TYPES if verb in step)
        if verb == "apply":
            options["force"] = str(step.get("force", False)).lower()
        content = json.dumps(self.body(step["apply"]) if verb == "apply" else step[verb])
        return self.server.patch(url, params=options, content=content, headers={"Content-Type": PATCH_TYPES[verb]})

    def expect_applied(self, step: Object) -> Object:
        """What the sandbox makes of an apply."""
        applied = apply(
            copy.deepcopy(self.live),
            self.body(step["apply"]),
            self.schema,
            manager=step["by"],
            force=step.get("force", False),
            now=LATER,
            subresource=step.get("subresource", ""),
        )
        return keep_times(self.live, self.completed(applied))

    def expect_changed(self, step: Object) -> Object:
        """What the sandbox makes of a create, an update or a patch, before ownership is recorded."""
        live = copy.deepcopy(self.live)
        if "create" in step:
            return self.completed(self.body(step["create"]))
        assert live is not None
        if "json" in step:
            changed = json_patch(live, step["json"])
        elif "strategic" in step:
            changed = strategic_merge_patch(live, step["strategic"], self.schema)
        else:
            changed = merge_patch(live, step.get("merge", step.get("update")))
        return self.completed(changed)

    def completed(self, obj: Object) -> Object:
        if not self.schema.is_builtin:
            return set_defaults(obj, self.schema)
        written = as_written(obj, self.schema)
        fill_defaults(written, self.schema)
        return written


def schema_of(group: str, version: str, kind: str) -> Schema:
    if kind == "Widget":
        return crd_schema(WIDGETS["spec"]["versions"][0]["schema"]["openAPIV3Schema"], has_status=True)
    schema = builtin_schema(group, version, kind)
    assert schema is not None
    return schema


def entries(obj: Object, *, times: bool = False) -> list[Object]:
    found = (obj.get("metadata") or {}).get("managedFields") or []
    kept = [entry if times else {key: value for key, value in entry.items() if key != "time"} for entry in found]
    return sorted(kept, key=lambda entry: json.dumps(entry, sort_keys=True))


def differences(ours: Any, real: Any, path: str = "") -> list[str]:
    if isinstance(ours, dict) and isinstance(real, dict):
        keys = sorted(ours.keys() | real.keys())
        return [
            d
            for key in keys
            for d in differences(ours.get(key, "(absent)"), real.get(key, "(absent)"), f"{path}.{key}")
        ]
    if isinstance(ours, list) and isinstance(real, list) and len(ours) == len(real):
        return [d for i, (x, y) in enumerate(zip(ours, real, strict=True)) for d in differences(x, y, f"{path}[{i}]")]
    return [] if ours == real else [f"{path}: {ours!r} here, {real!r} there"]


def content(obj: Object, step: Object) -> Object:
    """An object without what the registry sets, or resets for this subresource."""
    metadata = {key: value for key, value in obj.get("metadata", {}).items() if key not in REGISTRY}
    kept = {**obj, "metadata": metadata}
    for ignored in ("spec", "metadata") if step.get("subresource") == "status" else ("status",):
        kept.pop(ignored, None)
    if obj["kind"] == "PersistentVolumeClaim":
        metadata.pop("finalizers", None)
    for allocated in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
        if obj["kind"] == "Service" and "spec" in kept:
            kept["spec"] = {key: value for key, value in kept["spec"].items() if key != allocated}
    return kept


@pytest.mark.parametrize("sequence", SEQUENCES, ids=lambda sequence: sequence["title"])
def test_sequence(server: httpx.Client, sequence: Object) -> None:
    player = Player(server, sequence["kind"], f"conformance-{uuid.uuid4().hex[:12]}")
    for number, step in enumerate(sequence["steps"], start=1):
        answer = player.send(step)
        real = answer.json()
        told = f"step {number}: {step}"
        if "apply" in step:
            check_apply(player, step, answer.status_code, real, told)
        else:
            check_change(player, step, answer.status_code, real, told)
        if answer.is_success:
            player.live = real


def check_apply(player: Player, step: Object, code: int, real: Object, told: str) -> None:
    try:
        ours = player.expect_applied(step)
    except ApplyConflict as conflict:
        assert (code, real["message"]) == (409, str(conflict)), told
        assert sorted(real["details"]["causes"], key=str) == sorted(conflict.causes, key=str), told
        return
    except ApplyError as error:
        assert (code, real["message"]) == (error.code, str(error)), told
        return
    invalid = invalid_fields(ours, player.schema)
    if invalid:
        assert (code, real["details"]["causes"]) == (422, [cause.as_dict() for cause in invalid]), told
        return
    assert code in (200, 201), f"{told}: {real}"
    assert differences(entries(ours), entries(real)) == [], told
    assert differences(content(ours, step), content(real, step)) == [], told
    check_times(player, ours, real, told)


def check_change(player: Player, step: Object, code: int, real: Object, told: str) -> None:
    try:
        changed = player.expect_changed(step)
    except PatchError as error:
        assert (code, real["message"]) == (error.code, str(error)), told
        return
    assert code in (200, 201), f"{told}: {real}"
    assert differences(content(changed, step), content(real, step)) == [], told
    # Ownership is recorded on what the registry made of the object.
    new = {**real, "metadata": {key: value for key, value in real["metadata"].items() if key != "managedFields"}}
    if "managedFields" in ((step.get("update") or {}).get("metadata") or {}):
        new["metadata"]["managedFields"] = step["update"]["metadata"]["managedFields"]
    ours = record_update(
        player.live, new, player.schema, manager=step["by"], now=LATER, subresource=step.get("subresource", "")
    )
    assert differences(entries(ours), entries(real)) == [], told
    check_times(player, ours, real, told)


def check_times(player: Player, ours: Object, real: Object, told: str) -> None:
    """What changed nothing has changed no time either; whoever got no time there gets none here."""
    if player.live is None:
        return
    if player.live["metadata"]["resourceVersion"] == real["metadata"]["resourceVersion"]:
        assert entries(ours, times=True) == entries(player.live, times=True), told
    timeless = [[entry for entry in entries(obj, times=True) if "time" not in entry] for obj in (ours, real)]
    assert timeless[0] == timeless[1], told
