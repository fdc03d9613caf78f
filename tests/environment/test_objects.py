from __future__ import annotations

from typing import Any

import pytest

from environment.objects import (
    GroupKind,
    ObjectReference,
    defined_kinds,
    is_established,
    reference_of,
    refused_names,
    split_prerequisites,
)


def manifest(api_version: str, kind: str, name: str, namespace: str = "") -> dict[str, Any]:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


@pytest.mark.parametrize(
    ("given", "reference", "text"),
    [
        (manifest("v1", "Namespace", "ml"), ObjectReference("", "v1", "Namespace", "", "ml"), "Namespace ml"),
        (
            manifest("apps/v1", "Deployment", "ui", "ml"),
            ObjectReference("apps", "v1", "Deployment", "ml", "ui"),
            "Deployment ml/ui",
        ),
    ],
)
def test_object_is_named_by_its_kind_namespace_and_name(given, reference, text):
    assert reference_of(given) == reference
    assert str(reference_of(given)) == text


def test_identity_is_the_same_in_every_version():
    old, new = (ObjectReference("batch", version, "CronJob", "ml", "x") for version in ("v1beta1", "v1"))
    assert old.identity == new.identity


@pytest.mark.parametrize("text", ["ConfigMap", "Deployment.apps", "Role.rbac.authorization.k8s.io"])
def test_group_kind_is_written_as_kubectl_does(text):
    assert str(GroupKind.parse(text)) == text


def test_namespaces_and_definitions_go_first_in_their_order():
    given = [
        manifest("v1", "Service", "a", "ml"),
        manifest("apiextensions.k8s.io/v1", "CustomResourceDefinition", "b"),
        manifest("v1", "Namespace", "ml"),
        manifest("apps/v1", "Deployment", "c", "ml"),
    ]
    before, after = split_prerequisites(given)
    assert [one["metadata"]["name"] for one in before] == ["b", "ml"]
    assert [one["metadata"]["name"] for one in after] == ["a", "c"]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({}, False),
        ({"conditions": None}, False),
        ({"conditions": [{"type": "NamesAccepted", "status": "True"}]}, False),
        ({"conditions": [{"type": "Established", "status": "False"}]}, False),
        ({"conditions": [{"type": "Established", "status": "True"}]}, True),
    ],
)
def test_definition_is_established_when_its_condition_says_so(status, expected):
    assert is_established({"status": status}) is expected


def test_definition_whose_names_are_taken_says_why():
    condition = {"type": "NamesAccepted", "status": "False", "reason": "PluralConflict", "message": '"x" is in use'}
    assert refused_names({"status": {"conditions": [condition]}}) == '"x" is in use'
    assert refused_names({"status": {"conditions": [{**condition, "status": "True"}]}}) == ""


def test_kinds_of_every_version_of_a_definition_are_defined():
    definition = manifest("apiextensions.k8s.io/v1", "CustomResourceDefinition", "x")
    definition["spec"] = {"group": "g", "names": {"kind": "K"}, "versions": [{"name": "v1"}, {"name": "v2"}]}
    assert defined_kinds([definition, manifest("v1", "Service", "s")]) == {("g", "v1", "K"), ("g", "v2", "K")}
