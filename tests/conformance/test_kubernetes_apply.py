"""Sequences of writes by several managers: the sandbox's functions against a real API server, answer by answer."""

from __future__ import annotations

import copy
import json
import random
import uuid
from collections.abc import Callable
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
from sandbox.kubernetes.validation import coerce_metadata, invalid_fields, prune_unknown, set_defaults

HERE = Path(__file__).parent
SEQUENCES = yaml.load((HERE / "kubernetes_sequences.yaml").read_text(), yaml.CSafeLoader)
WIDGETS = yaml.load((HERE / "widgets.yaml").read_text(), yaml.CSafeLoader)
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
        if self.schema.is_builtin:
            fill_defaults(applied, self.schema)
        return keep_times(self.live, applied)

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
        completed = self.completed(changed)
        # An empty list is a request of its own here, and encoding drops it.
        completed["metadata"]["managedFields"] = changed["metadata"].get("managedFields")
        return completed

    def completed(self, obj: Object) -> Object:
        if not self.schema.is_builtin:
            return set_defaults(prune_unknown(coerce_metadata(obj, self.schema), self.schema), self.schema)
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
def test_sequence(widget_server: httpx.Client, sequence: Object) -> None:
    play(Player(widget_server, sequence["kind"], f"conformance-{uuid.uuid4().hex[:12]}"), sequence["steps"])


@pytest.mark.parametrize("seed", range(25))
def test_random_sequence(widget_server: httpx.Client, seed: int) -> None:
    dice = random.Random(seed)
    steps = [{"by": "a", dice.choice(["apply", "create"]): random_widget(dice)}]
    for _ in range(dice.randrange(3, 8)):
        verb = dice.choice(["apply", "apply", "apply", "merge", "update"])
        steps.append({"by": dice.choice("abc"), verb: random_widget(dice), "force": dice.random() < 0.6})
    play(Player(widget_server, "Widget", f"random-{uuid.uuid4().hex[:12]}"), steps)


def play(player: Player, steps: list[Object]) -> None:
    for number, step in enumerate(steps, start=1):
        answer = player.send(step)
        real = answer.json()
        told = f"step {number}: {step}"
        if "apply" in step:
            check_apply(player, step, answer.status_code, real, told)
        else:
            check_change(player, step, answer.status_code, real, told)
        if answer.is_success:
            player.live = real


def random_widget(dice: random.Random) -> Object:
    """A Widget with some of the fields that merge in different ways."""

    def anything(depth: int = 3) -> Any:
        if depth and dice.random() < 0.4:
            return {key: anything(depth - 1) for key in dice.sample("xyz", dice.randrange(1, 4))}
        return dice.choice([1, "s", True, None, "", [], {}, [1], [{"a": 1}]])

    def some(items: list[Any]) -> list[Any]:
        return dice.sample(items, dice.randrange(len(items) + 1))

    fields: dict[str, Callable[[], Any]] = {
        "size": lambda: dice.randrange(3),
        "mode": lambda: dice.choice(["slow", "fast"]),
        "maybe": lambda: dice.choice([None, "x", "y"]),
        "labels": lambda: {key: dice.choice("12") for key in some(list("abc"))},
        "whole": lambda: {key: dice.choice("12") for key in some(list("abc"))},
        "tags": lambda: some(["red", "blue", "green"]),
        "plain": lambda: [dice.randrange(3)],
        "parts": lambda: [{"name": name, "count": dice.randrange(3)} for name in some(list("pqst"))],
        "ports": lambda: some([{"port": 80}, {"port": 80, "protocol": "UDP"}, {"port": 81, "protocol": "TCP"}]),
        "port": lambda: dice.choice([80, "80", "web"]),
        "free": lambda: {key: anything() for key in dice.sample("xyz", dice.randrange(1, 4))},
    }
    metadata = {"labels": {key: dice.choice("12") for key in some(list("ab"))}}
    spec = {name: make() for name, make in fields.items() if dice.random() < 0.4}
    return {"spec": spec, "metadata": metadata if dice.random() < 0.3 else {}}


def attempt(make: Callable[[Object], Object], step: Object) -> tuple[Object | None, tuple[int, str], list[Object]]:
    """What the sandbox makes of a step: an object, or the code, message and causes of its refusal."""
    try:
        return make(step), (0, ""), []
    except ApplyConflict as conflict:
        return None, (409, str(conflict)), conflict.causes
    except (ApplyError, PatchError) as error:
        return None, (error.code, str(error)), []


def check_refused(code: int, real: Object, refused: tuple[int, str], causes: list[Object], told: str) -> None:
    assert (code, real["message"]) == refused, told
    told_there = (real.get("details") or {}).get("causes") or []
    assert sorted(told_there, key=str) == sorted(causes, key=str), told


def check_apply(player: Player, step: Object, code: int, real: Object, told: str) -> None:
    ours, refused, causes = attempt(player.expect_applied, step)
    if ours is None:
        check_refused(code, real, refused, causes, told)
        return
    invalid = invalid_fields(content(ours, step), player.schema)
    if invalid:
        check_refused(code, real, (422, real["message"]), [cause.as_dict() for cause in invalid], told)
        return
    assert code in (200, 201), f"{told}: {real}"
    assert differences(entries(ours), entries(real)) == [], told
    assert differences(content(ours, step), content(real, step)) == [], told
    check_times(player, ours, real, told)


def check_change(player: Player, step: Object, code: int, real: Object, told: str) -> None:
    changed, refused, causes = attempt(player.expect_changed, step)
    if changed is None:
        check_refused(code, real, refused, causes, told)
        return
    assert code in (200, 201), f"{told}: {real}"
    assert differences(content(changed, step), content(real, step)) == [], told
    # Ownership is recorded before the registry allocates and resets.
    ours = record_update(
        player.live, changed, player.schema, manager=step["by"], now=LATER, subresource=step.get("subresource", "")
    )
    assert differences(entries(ours), entries(real)) == [], told
    check_times(player, ours, real, told)


def check_times(player: Player, ours: Object, real: Object, told: str) -> None:
    """What changed nothing has changed no time either; whoever got no time there gets none here."""
    if player.live is None:
        return
    is_kept = player.live["metadata"]["resourceVersion"] == real["metadata"]["resourceVersion"]
    # A later time may also move an entry, which counts as a change (there too).
    is_in_order = owners(ours) == owners(player.live)
    if is_kept and is_in_order and without_owners(ours) == without_owners(player.live):
        assert entries(ours, times=True) == entries(player.live, times=True), told
    timeless = [[entry for entry in entries(obj, times=True) if "time" not in entry] for obj in (ours, real)]
    assert timeless[0] == timeless[1], told


def owners(obj: Object) -> list[Any]:
    keys = ("manager", "operation", "apiVersion", "subresource")
    return [tuple(entry.get(key) for key in keys) for entry in obj["metadata"].get("managedFields") or []]


def without_owners(obj: Object) -> Object:
    return {**obj, "metadata": {key: value for key, value in obj["metadata"].items() if key != "managedFields"}}
