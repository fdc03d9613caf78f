"""What is wrong with an object, in a real API server's words and in the sandbox's."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from sandbox.kubernetes.types import builtin_schema, crd_schema
from sandbox.kubernetes.validation import coerce_metadata, invalid_fields, prune_unknown, set_defaults, unknown_fields

HERE = Path(__file__).parent
CASES = yaml.safe_load((HERE / "widgets_refused.yaml").read_text())
DEFINITION = yaml.safe_load((HERE / "widgets.yaml").read_text())
SCHEMA = crd_schema(DEFINITION["spec"]["versions"][0]["schema"]["openAPIV3Schema"], has_status=True)
WIDGETS = "/apis/example.com/v1/namespaces/default/widgets"
UNKNOWN: list[tuple[str, str, str, dict[str, Any]]] = [
    ("", "v1", "ConfigMap", {"dota": {}, "data": {"any": "x"}}),
    ("", "v1", "ConfigMap", {"metadata": {"lables": {}, "labels": {"a": "b"}}}),
    ("", "v1", "Service", {"spec": {"prots": [], "ports": [{"port": 80, "prot": 1}, {"port": 81, "targetport": 1}]}}),
    (
        "apps",
        "v1",
        "Deployment",
        {"spec": {"foo": 1, "template": {"spec": {"containers": [{"name": "a", "img": "b"}]}}}},
    ),
    ("batch", "v1", "CronJob", {"spec": {"jobTemplate": {"spec": {"template": {"spec": {"volumes": [{"x": {}}]}}}}}}),
]

Object = dict[str, Any]


def body(case: Object) -> Object:
    given = case.get("obj") or {"spec": case["spec"]}
    metadata = {"name": f"refused-{uuid.uuid4().hex[:12]}", **(given.get("metadata") or {})}
    return {"apiVersion": "example.com/v1", "kind": "Widget", **given, "metadata": metadata}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_invalid_custom_resource(widget_server: httpx.Client, case: Object) -> None:
    obj = body(case)
    answer = widget_server.post(WIDGETS, json=obj, params={"dryRun": "All"})
    real = answer.json()
    kept = {key: value for key, value in obj.items() if key != "status"}
    decoded = set_defaults(prune_unknown(coerce_metadata(kept, SCHEMA), SCHEMA), SCHEMA)
    causes = sorted((cause.as_dict() for cause in invalid_fields(decoded, SCHEMA)), key=str)
    if answer.status_code == 201:
        assert causes == []
        assert decoded.get("spec") == real.get("spec")
        return
    assert answer.status_code == 422, real
    assert causes == sorted(real["details"]["causes"], key=str)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_unknown_fields_of_a_custom_resource(widget_server: httpx.Client, case: Object) -> None:
    obj = body(case)
    answer = widget_server.post(WIDGETS, json=obj, params={"dryRun": "All", "fieldValidation": "Strict"})
    unknown = unknown_fields(obj, SCHEMA)
    told = answer.json().get("message", "")
    assert ("strict decoding error" in told) == bool(unknown), told
    if unknown:
        assert (
            told == f'Widget in version "v1" cannot be handled as a Widget: strict decoding error: {", ".join(unknown)}'
        )


@pytest.mark.parametrize(("group", "version", "kind", "given"), UNKNOWN, ids=lambda value: str(value)[:40])
def test_unknown_fields_of_a_builtin(
    widget_server: httpx.Client, group: str, version: str, kind: str, given: Object
) -> None:
    schema = builtin_schema(group, version, kind)
    assert schema is not None
    head = {"apiVersion": f"{group}/{version}" if group else version, "kind": kind}
    obj = {**head, **given, "metadata": {"name": "x", **(given.get("metadata") or {})}}
    prefix = f"/apis/{group}" if group else "/api"
    url = f"{prefix}/{version}/namespaces/default/{kind.lower()}s"
    answer = widget_server.post(url, json=obj, params={"dryRun": "All", "fieldValidation": "Strict"})
    assert answer.status_code == 400
    expected = ", ".join(unknown_fields(obj, schema))
    assert answer.json()["message"].endswith(f"strict decoding error: {expected}")
