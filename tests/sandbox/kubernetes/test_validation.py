from __future__ import annotations

from typing import Any

import pytest

from sandbox.kubernetes.types import builtin_schema, crd_schema
from sandbox.kubernetes.validation import coerce_metadata, invalid_fields, prune_unknown, set_defaults, unknown_fields

PROPERTIES: dict[str, Any] = {
    "size": {"type": "integer", "minimum": 1, "maximum": 9, "default": 3},
    "mode": {"type": "string", "enum": ["slow", "fast"]},
    "name": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 3, "minLength": 2},
    "when": {"type": "string", "format": "date-time"},
    "maybe": {"type": "string", "nullable": True},
    "labels": {"type": "object", "additionalProperties": {"type": "string"}, "maxProperties": 1},
    "items": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["a"], "properties": {"a": {}}}},
    "tags": {"type": "array", "x-kubernetes-list-type": "set", "maxItems": 2, "items": {"type": "string"}},
    "port": {"x-kubernetes-int-or-string": True},
    "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"a": {"type": "integer"}}},
    "inner": {"type": "object", "properties": {"x": {"type": "string", "default": "y"}}},
    "choice": {"type": "object", "properties": {"l": {}, "r": {}}, "oneOf": [{"required": ["l"]}, {"required": ["r"]}]},
    "object": {"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True},
}
SCHEMA = crd_schema({"type": "object", "properties": {"spec": {"type": "object", "properties": PROPERTIES}}})


def test_a_valid_object_has_no_causes() -> None:
    spec = {"size": 2, "mode": "slow", "name": "abc", "maybe": None, "port": "80", "tags": ["a"], "choice": {"l": 1}}
    assert invalid_fields({"spec": spec}, SCHEMA) == []


@pytest.mark.parametrize(
    ("spec", "field", "reason", "message"),
    [
        (
            {"size": "x"},
            "spec.size",
            "FieldValueTypeInvalid",
            'Invalid value: "string": spec.size in body must be of type integer: "string"',
        ),
        (
            {"size": 0},
            "spec.size",
            "FieldValueInvalid",
            "Invalid value: 0: spec.size in body should be greater than or equal to 1",
        ),
        (
            {"size": 10},
            "spec.size",
            "FieldValueInvalid",
            "Invalid value: 10: spec.size in body should be less than or equal to 9",
        ),
        (
            {"mode": "x"},
            "spec.mode",
            "FieldValueNotSupported",
            'Unsupported value: "x": supported values: "slow", "fast"',
        ),
        (
            {"name": "a"},
            "spec.name",
            "FieldValueInvalid",
            'Invalid value: "a": spec.name in body should be at least 2 chars long',
        ),
        ({"name": "abcd"}, "spec.name", "FieldValueTooLong", "Too long: may not be more than 3 bytes"),
        (
            {"name": "A1"},
            "spec.name",
            "FieldValueInvalid",
            "Invalid value: \"A1\": spec.name in body should match '^[a-z]+$'",
        ),
        (
            {"when": "now"},
            "spec.when",
            "FieldValueTypeInvalid",
            'Invalid value: "now": spec.when in body must be of type date-time: "now"',
        ),
        (
            {"labels": {"a": "b", "c": "d"}},
            "spec.labels",
            "FieldValueTooMany",
            "Too many: 2: must have at most 1 items",
        ),
        (
            {"items": []},
            "spec.items",
            "FieldValueInvalid",
            "Invalid value: 0: spec.items in body should have at least 1 items",
        ),
        ({"items": [{}]}, "spec.items[0].a", "FieldValueRequired", "Required value"),
        ({"tags": ["a", "a"]}, "spec.tags[1]", "FieldValueDuplicate", 'Duplicate value: "a"'),
        (
            {"port": True},
            "spec.port",
            "FieldValueTypeInvalid",
            'Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean"',
        ),
        (
            {"object": {"kind": "T"}},
            "spec.object.apiVersion",
            "FieldValueRequired",
            "Required value: must not be empty",
        ),
        (
            {"choice": {"l": 1, "r": 2}},
            "<nil>",
            "FieldValueInvalid",
            'Invalid value: "": "spec.choice" must validate one and only one schema (oneOf). '
            "Found 2 valid alternatives",
        ),
    ],
)
def test_invalid_fields(spec: dict[str, Any], field: str, reason: str, message: str) -> None:
    assert invalid_fields({"spec": spec}, SCHEMA) == [(field, reason, message)]


@pytest.mark.parametrize(
    ("spec", "unknown", "pruned"),
    [
        ({"size": 1, "foo": 1}, ["spec.foo"], {"size": 1}),
        ({"items": [{"a": 1}, {"b": 2, "a": 1}]}, ["spec.items[1].b"], {"items": [{"a": 1}, {"a": 1}]}),
        ({"free": {"any": {"thing": 1}}}, [], {"free": {"any": {"thing": 1}}}),
        ({"labels": {"any": "x"}}, [], {"labels": {"any": "x"}}),
        ({"maybe": None, "mode": None}, [], {"maybe": None}),
        ({"size": None}, [], {"size": None}),
    ],
)
def test_unknown_fields_are_told_and_pruned(spec: Any, unknown: list[str], pruned: Any) -> None:
    assert unknown_fields({"spec": spec}, SCHEMA) == [f'unknown field "{path}"' for path in unknown]
    assert prune_unknown({"spec": spec}, SCHEMA) == {"spec": pruned}


def test_unknown_fields_of_a_builtin_in_the_order_of_the_request() -> None:
    schema = builtin_schema("apps", "v1", "Deployment")
    assert schema is not None
    containers = [{"name": "a", "img": "x"}]
    obj = {"spec": {"foo": 1, "template": {"spec": {"containers": containers}}}, "extra": 1, "metadata": {"label": {}}}
    assert unknown_fields(obj, schema) == [
        'unknown field "spec.foo"',
        'unknown field "spec.template.spec.containers[0].img"',
        'unknown field "extra"',
        'unknown field "metadata.label"',
    ]


@pytest.mark.parametrize(
    ("spec", "filled"),
    [
        ({}, {"size": 3}),
        ({"size": 5}, {"size": 5}),
        ({"size": None, "inner": {}}, {"size": 3, "inner": {"x": "y"}}),
    ],
)
def test_defaults(spec: dict[str, Any], filled: dict[str, Any]) -> None:
    given = {"spec": dict(spec)}
    assert set_defaults(given, SCHEMA) == {"spec": filled}
    assert given == {"spec": spec}


def test_metadata_of_a_custom_resource_is_written_as_the_server_does() -> None:
    embedded = {"apiVersion": "v1", "kind": "T", "metadata": {"name": "n", "labels": {}, "foo": 1}}
    obj = {"metadata": {"name": "w", "labels": {}, "annotations": {"a": "b"}}, "spec": {"object": embedded}}
    assert coerce_metadata(obj, SCHEMA) == {
        "metadata": {"name": "w", "annotations": {"a": "b"}, "creationTimestamp": None},
        "spec": {"object": {"apiVersion": "v1", "kind": "T", "metadata": {"name": "n"}}},
    }
