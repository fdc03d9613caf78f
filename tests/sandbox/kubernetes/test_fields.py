from __future__ import annotations

from typing import Any

import pytest

from sandbox.kubernetes.fields import Fields, element_text, from_json, from_paths, item_element
from sandbox.kubernetes.types import builtin_schema, crd_schema

MAIN = 'k:{"name":"main"}'


def fields(**entries: Any) -> Fields:
    return from_json({f"f:{key}": value for key, value in entries.items()})


@pytest.mark.parametrize(
    "fields_v1",
    [
        {},
        {"f:data": {}},
        {"f:data": {".": {}, "f:a": {}}},
        {"f:spec": {"f:containers": {MAIN: {".": {}, "f:image": {}}}}},
        {"f:finalizers": {".": {}, 'v:"a"': {}, "v:5": {}}},
        {"f:ports": {'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:port": {}}}},
    ],
)
def test_fields_v1_is_read_and_written(fields_v1: dict[str, Any]) -> None:
    assert from_json(fields_v1).to_json() == fields_v1


def test_keys_are_read_in_any_order_and_unknown_elements_left_out() -> None:
    read = from_json({'k:{"protocol":"TCP", "port":80}': {}, "x:what": {}, ".": {}})
    assert read.to_json() == {'k:{"port":80,"protocol":"TCP"}': {}}


def test_written_order_is_fields_then_keys_then_values() -> None:
    unordered = {'v:"b"': {}, "v:10": {}, "v:9": {}, 'k:{"name":"z"}': {}, 'k:{"name":"a"}': {}, "f:z": {}, "f:a": {}}
    assert list(from_json(unordered).to_json()) == [
        "f:a",
        "f:z",
        'k:{"name":"a"}',
        'k:{"name":"z"}',
        "v:9",
        "v:10",
        'v:"b"',
    ]


LEFT = fields(a={".": {}, "f:x": {}}, b={"f:x": {}, "f:y": {}})
RIGHT = fields(a={}, b={"f:y": {}, "f:z": {}}, c={})


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (LEFT.union(RIGHT), {"f:a": {".": {}, "f:x": {}}, "f:b": {"f:x": {}, "f:y": {}, "f:z": {}}, "f:c": {}}),
        (LEFT.intersection(RIGHT), {"f:a": {}, "f:b": {"f:y": {}}}),
        (LEFT.difference(RIGHT), {"f:a": {"f:x": {}}, "f:b": {"f:x": {}}}),
        (RIGHT.difference(LEFT), {"f:b": {"f:z": {}}, "f:c": {}}),
        (LEFT.without(RIGHT), {"f:b": {"f:x": {}}}),
        (LEFT.without(fields(b={})), {"f:a": {".": {}, "f:x": {}}}),
    ],
)
def test_algebra(result: Fields, expected: dict[str, Any]) -> None:
    assert result.to_json() == expected


def test_subset() -> None:
    assert fields(a={}).is_subset(LEFT)
    assert not RIGHT.is_subset(LEFT)
    assert not fields(a={"f:q": {}}).is_subset(LEFT)


def test_a_set_without_members_is_empty() -> None:
    assert not Fields(set(), {"f:a": Fields()})
    assert from_paths(("metadata", "name"))


def test_paths_are_told_as_in_conflicts() -> None:
    owned = from_json(
        {
            "f:spec": {"f:containers": {MAIN: {".": {}, "f:image": {}}}, "f:replicas": {}},
            "f:finalizers": {'v:"x"': {}},
        }
    )
    assert list(owned.paths()) == [
        '.finalizers[="x"]',
        ".spec.replicas",
        '.spec.containers[name="main"]',
        '.spec.containers[name="main"].image',
    ]


def test_declared_parents_become_members() -> None:
    schema = builtin_schema("", "v1", "ConfigMap")
    assert fields(data={"f:a": {}}).with_named(schema).to_json() == {"f:data": {".": {}, "f:a": {}}}


PORTS = {
    "type": "array",
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["port", "protocol"],
    "items": {"type": "object", "properties": {"port": {}, "protocol": {"type": "string", "default": "TCP"}}},
}
TAGS = {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}}
LISTS = crd_schema({"type": "object", "properties": {"ports": PORTS, "tags": TAGS}})


@pytest.mark.parametrize(
    ("name", "item", "element"),
    [
        ("ports", {"protocol": "UDP", "port": 1}, 'k:{"port":1,"protocol":"UDP"}'),
        ("ports", {"port": 1}, 'k:{"port":1,"protocol":"TCP"}'),
        ("ports", {"port": True}, 'k:{"port":true,"protocol":"TCP"}'),
        ("tags", "é", 'v:"é"'),
        ("tags", 1, "v:1"),
    ],
)
def test_items_have_an_identity(name: str, item: Any, element: str) -> None:
    schema = LISTS.child(name)
    assert schema is not None
    assert item_element(item, schema) == element


@pytest.mark.parametrize(
    ("name", "item", "problem"),
    [
        ("ports", {"protocol": "TCP"}, 'omits key field "port"'),
        ("ports", None, "null element"),
        ("ports", 5, "non-map elements"),
        ("tags", {}, "a map type"),
        ("tags", [], "lists as elements"),
        ("tags", None, "explicit null"),
    ],
)
def test_items_without_identity_are_refused(name: str, item: Any, problem: str) -> None:
    schema = LISTS.child(name)
    assert schema is not None
    with pytest.raises(ValueError, match=problem):
        item_element(item, schema)


@pytest.mark.parametrize(
    ("element", "text"),
    [
        ("f:spec", ".spec"),
        ('k:{"port":80,"protocol":"TCP"}', '[port=80,protocol="TCP"]'),
        ('v:"a"', '[="a"]'),
        ("i:3", "[3]"),
    ],
)
def test_elements_in_messages(element: str, text: str) -> None:
    assert element_text(element) == text
