from __future__ import annotations

from typing import Any

import pytest

from sandbox.kubernetes.fields import from_json
from sandbox.kubernetes.merge import MISSING, fields_of, merge, remove, same
from sandbox.kubernetes.types import Schema, crd_schema

NAMED = {
    "type": "array",
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["name"],
    "items": {"type": "object", "properties": {"name": {"type": "string"}, "value": {"type": "integer"}}},
}
PROPERTIES: dict[str, Any] = {
    "named": NAMED,
    "set": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
    "list": {"type": "array", "items": {"type": "integer"}},
    "map": {"type": "object", "additionalProperties": {"type": "string"}},
    "whole": {"type": "object", "additionalProperties": {"type": "string"}, "x-kubernetes-map-type": "atomic"},
    "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
}


@pytest.fixture(scope="module")
def schema() -> Schema:
    return crd_schema({"type": "object", "properties": PROPERTIES})


def names(text: str) -> list[dict[str, str]]:
    return [{"name": name} for name in text]


@pytest.mark.parametrize(
    ("field", "live", "applied", "merged"),
    [
        ("map", {"a": "1", "b": "2"}, {"a": "3", "c": "4"}, {"a": "3", "b": "2", "c": "4"}),
        ("map", {"a": "1"}, {}, {"a": "1"}),
        ("map", {"a": "1"}, None, {"a": "1"}),
        ("map", {}, None, None),
        ("whole", {"a": "1"}, {"b": "2"}, {"b": "2"}),
        ("list", [1, 2], [3], [3]),
        ("set", ["a", "b"], ["c", "a"], ["c", "a", "b"]),
        ("named", names("abc"), [{"name": "b", "value": 1}], [{"name": "a"}, {"name": "b", "value": 1}, {"name": "c"}]),
        ("free", {"x": {"y": 1}, "l": [1]}, {"x": {"z": 2}, "l": [2]}, {"x": {"y": 1, "z": 2}, "l": [2]}),
        ("free", {"x": {"y": 1}}, {"x": "text"}, {"x": "text"}),
        ("free", {"x": "text"}, {"x": {"y": 1}}, {"x": {"y": 1}}),
    ],
)
def test_merge(schema: Schema, field: str, live: Any, applied: Any, merged: Any) -> None:
    assert merge({field: live}, {field: applied}, schema) == {field: merged}


@pytest.mark.parametrize(
    ("live", "applied", "merged"),
    [
        ("abc", "xca", "bxca"),
        ("abc", "cxa", "bcxa"),
        ("abcd", "ca", "bcda"),
        ("ab", "xaby", "xaby"),
        ("abc", "d", "abcd"),
        ("", "ba", "ba"),
    ],
)
def test_applied_order_wins_and_others_stay_between(schema: Schema, live: str, applied: str, merged: str) -> None:
    result = merge({"named": names(live)}, {"named": names(applied)}, schema)
    assert "".join(item["name"] for item in result["named"]) == merged


def test_merge_with_nothing(schema: Schema) -> None:
    assert merge(MISSING, {"list": [1]}, schema) == {"list": [1]}
    assert merge({"list": [1]}, MISSING, schema) == {"list": [1]}


@pytest.mark.parametrize(
    ("value", "fields_v1"),
    [
        ({"map": {"a": "1"}}, {"f:map": {"f:a": {}}}),
        ({"map": {}}, {"f:map": {}}),
        ({"map": None}, {"f:map": {}}),
        ({"whole": {"a": "1"}}, {"f:whole": {}}),
        ({"list": []}, {"f:list": {}}),
        ({"set": []}, {}),
        ({"set": ["a"]}, {"f:set": {'v:"a"': {}}}),
        ({"named": [{"name": "a"}]}, {"f:named": {'k:{"name":"a"}': {".": {}, "f:name": {}}}}),
        ({"named": [{"name": "a"}, {"name": "a"}]}, {"f:named": {'k:{"name":"a"}': {}}}),
        ({"free": {"x": {"y": [1]}}}, {"f:free": {"f:x": {".": {}, "f:y": {}}}}),
    ],
)
def test_fields_of(schema: Schema, value: Any, fields_v1: dict[str, Any]) -> None:
    assert fields_of(value, schema).to_json() == fields_v1


@pytest.mark.parametrize(
    ("value", "fields_v1", "left"),
    [
        ({"map": {"a": "1", "b": "2"}}, {"f:map": {"f:a": {}}}, {"map": {"b": "2"}}),
        ({"map": {"a": "1"}}, {"f:map": {"f:a": {}}}, {"map": None}),
        ({"map": {"a": "1"}, "list": [1]}, {"f:map": {}}, {"list": [1]}),
        ({"named": names("ab")}, {"f:named": {'k:{"name":"a"}': {}}}, {"named": names("b")}),
        ({"set": ["a", "b"]}, {"f:set": {'v:"b"': {}}}, {"set": ["a"]}),
    ],
)
def test_remove(schema: Schema, value: Any, fields_v1: dict[str, Any], left: Any) -> None:
    assert remove(value, from_json(fields_v1), schema) == left


@pytest.mark.parametrize(
    ("left", "right", "is_same"),
    [(1, 1.0, True), (1, True, False), ({"a": [1]}, {"a": [True]}, False), ([], {}, False), (None, None, True)],
)
def test_same(left: Any, right: Any, is_same: bool) -> None:
    assert same(left, right) is is_same
