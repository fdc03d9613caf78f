from __future__ import annotations

from typing import Any

import pytest

from sandbox.kubernetes.comparison import compare
from sandbox.kubernetes.fields import from_json
from sandbox.kubernetes.types import builtin_schema, crd_schema

NAMED = {
    "type": "array",
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["name"],
    "items": {"type": "object", "properties": {"name": {"type": "string"}, "value": {"type": "integer"}}},
}
MAP = {"type": "object", "additionalProperties": {"type": "string"}}
FREE = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
SCHEMA = crd_schema({"type": "object", "properties": {"named": NAMED, "map": MAP, "free": FREE}})
A = 'k:{"name":"a"}'


@pytest.mark.parametrize(
    ("old", "new", "removed", "modified", "added"),
    [
        ({"map": {"a": "1"}}, {"map": {"a": "1"}}, {}, {}, {}),
        ({}, {"map": {"a": "1"}}, {}, {}, {"f:map": {".": {}, "f:a": {}}}),
        ({"map": None}, {"map": {"a": "1"}}, {}, {}, {"f:map": {"f:a": {}}}),
        ({"map": {"a": "1"}}, {}, {"f:map": {".": {}, "f:a": {}}}, {}, {}),
        ({"map": {"a": "1", "b": "2"}}, {"map": {"a": "2"}}, {"f:map": {"f:b": {}}}, {"f:map": {"f:a": {}}}, {}),
        ({}, {"map": {}}, {}, {}, {"f:map": {}}),
        ({}, {"named": [{"name": "a"}]}, {}, {}, {"f:named": {".": {}, A: {".": {}, "f:name": {}}}}),
        (
            {"named": [{"name": "a", "value": 1}]},
            {"named": [{"name": "a", "value": 2}]},
            {},
            {"f:named": {A: {"f:value": {}}}},
            {},
        ),
        ({"named": [{"name": "a"}, {"name": "b"}]}, {"named": [{"name": "b"}, {"name": "a"}]}, {}, {}, {}),
        ({"named": [{"name": "a"}] * 2}, {"named": [{"name": "a"}] * 3}, {}, {"f:named": {A: {}}}, {}),
        (
            {"named": [{"name": "a"}]},
            {"named": [{"name": "a"}] * 2},
            {"f:named": {A: {".": {}, "f:name": {}}}},
            {},
            {"f:named": {A: {}}},
        ),
        ({"free": {"x": {"y": 1}}}, {"free": {"x": 2}}, {"f:free": {"f:x": {"f:y": {}}}}, {"f:free": {"f:x": {}}}, {}),
        ({"free": {"x": 1}}, {"free": {"x": True}}, {}, {"f:free": {"f:x": {}}}, {}),
    ],
)
def test_compare(old: Any, new: Any, removed: Any, modified: Any, added: Any) -> None:
    comparison = compare(old, new, SCHEMA)
    assert comparison.removed.to_json() == removed
    assert comparison.modified.to_json() == modified
    assert comparison.added.to_json() == added


def test_what_a_subresource_ignores_is_no_change() -> None:
    schema = builtin_schema("apps", "v1", "Deployment")
    assert schema is not None
    old, new = {"spec": {"replicas": 1}}, {"spec": {"replicas": 2}, "status": {"replicas": 1}}
    comparison = compare(old, new, schema).without(from_json({"f:spec": {}}))
    assert not comparison.modified
    assert comparison.added.to_json() == {"f:status": {".": {}, "f:replicas": {}}}
