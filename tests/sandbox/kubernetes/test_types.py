from __future__ import annotations

from typing import Any

import pytest

from sandbox.kubernetes.types import Schema, builtin_schema, crd_schema


def at(schema: Schema | None, *path: str) -> Schema:
    """Follow field names; `[]` goes to a list's items."""
    for step in path:
        assert schema is not None
        schema = schema.items if step == "[]" else schema.child(step)
    assert schema is not None
    return schema


CONTAINERS = ("spec", "template", "spec", "containers")


@pytest.mark.parametrize(
    ("group", "version", "kind"),
    [
        ("", "v1", "Pod"),
        ("apps", "v1", "Deployment"),
        ("rbac.authorization.k8s.io", "v1", "ClusterRole"),
        ("admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration"),
        ("apiextensions.k8s.io", "v1", "CustomResourceDefinition"),
        ("apiregistration.k8s.io", "v1", "APIService"),
        ("events.k8s.io", "v1", "Event"),
    ],
)
def test_builtin_kinds_have_a_type(group: str, version: str, kind: str) -> None:
    assert builtin_schema(group, version, kind) is not None


def test_unknown_kind_has_no_type() -> None:
    assert builtin_schema("apps", "v1", "Gadget") is None


def test_types_are_made_once() -> None:
    first = at(builtin_schema("apps", "v1", "Deployment"), *CONTAINERS, "[]")
    assert at(builtin_schema("batch", "v1", "Job"), *CONTAINERS, "[]") is first


@pytest.mark.parametrize(
    ("path", "list_type", "map_keys"),
    [
        ((*CONTAINERS,), "map", ("name",)),
        ((*CONTAINERS, "[]", "ports"), "map", ("containerPort", "protocol")),
        ((*CONTAINERS, "[]", "args"), "atomic", ()),
        (("metadata", "finalizers"), "set", ()),
        (("metadata", "ownerReferences"), "map", ("uid",)),
    ],
)
def test_lists_of_a_deployment(path: tuple[str, ...], list_type: str, map_keys: tuple[str, ...]) -> None:
    schema = at(builtin_schema("apps", "v1", "Deployment"), *path)
    assert (schema.list_type, schema.map_keys) == (list_type, map_keys)


@pytest.mark.parametrize(
    ("path", "is_atomic"),
    [(("spec", "selector"), True), (("metadata", "labels"), False), ((*CONTAINERS, "[]", "resources"), False)],
)
def test_maps_of_a_deployment(path: tuple[str, ...], is_atomic: bool) -> None:
    assert at(builtin_schema("apps", "v1", "Deployment"), *path).is_atomic is is_atomic


def test_keys_have_the_defaults_that_the_definitions_leave_out() -> None:
    ports = at(builtin_schema("", "v1", "Service"), "spec", "ports", "[]")
    assert (ports.key_default("protocol"), ports.key_default("port"), ports.key_default("name")) == ("TCP", 0, None)


@pytest.mark.parametrize(("value", "shape"), [({}, "map"), ([], "list"), ("x", "scalar"), (1, "scalar"), (None, "map")])
def test_a_value_of_any_type_decides_itself(value: Any, shape: str) -> None:
    schema = crd_schema({"type": "object", "x-kubernetes-preserve-unknown-fields": True})
    assert at(schema, "anything").shape(value) == shape


def test_status_belongs_to_its_subresource() -> None:
    kinds = [("apps", "v1", "Deployment"), ("", "v1", "ConfigMap")]
    assert [getattr(builtin_schema(*kind), "has_status", None) for kind in kinds] == [True, False]


def test_a_custom_type_has_metadata_and_no_other_unknown_fields() -> None:
    schema = crd_schema({"type": "object", "properties": {"spec": {"type": "object", "properties": {"a": {}}}}})
    assert at(schema, "metadata", "labels").single == "map"
    assert schema.child("other") is None
    assert at(schema, "spec").child("b") is None


def test_an_embedded_object_has_metadata() -> None:
    raw = {"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True}
    schema = crd_schema({"type": "object", "properties": {"template": raw}})
    assert at(schema, "template", "metadata", "finalizers").list_type == "set"


def test_preserving_unknown_fields_goes_down() -> None:
    inner = {"type": "object", "properties": {"a": {"type": "string"}}}
    raw = {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"inner": inner}}
    assert at(crd_schema(raw), "inner").child("b") is not None
