from __future__ import annotations

from typing import Any

import pytest

from sandbox.kubernetes.roundtrip import DecodeError, as_written
from sandbox.kubernetes.types import builtin_schema

POD_SPEC = {"containers": [{"name": "c", "image": "x"}]}


def write(obj: dict[str, Any], kind: str = "Pod", group: str = "") -> dict[str, Any]:
    schema = builtin_schema(group, "v1", kind)
    assert schema is not None
    return as_written(obj, schema)


@pytest.mark.parametrize(
    ("sent", "written"),
    [
        ({"metadata": {"labels": {}, "annotations": None}}, {"metadata": {"creationTimestamp": None}}),
        ({"data": {"a": None}}, {"data": {"a": ""}, "metadata": {"creationTimestamp": None}}),
        ({"immutable": False}, {"immutable": False, "metadata": {"creationTimestamp": None}}),
        ({"unknown": 1}, {"metadata": {"creationTimestamp": None}}),
    ],
)
def test_empty_fields_vanish_unless_they_mean_something(sent: dict[str, Any], written: dict[str, Any]) -> None:
    assert write(sent, "ConfigMap") == written


def test_fields_that_are_always_written() -> None:
    written = write({"spec": {"template": {"spec": POD_SPEC}}}, "Deployment", "apps")
    assert written["status"] == {}
    assert written["spec"]["strategy"] == {}
    assert written["spec"]["selector"] is None
    assert written["spec"]["template"]["metadata"] == {"creationTimestamp": None}
    assert written["spec"]["template"]["spec"]["containers"][0]["resources"] == {}


def test_an_empty_list_that_is_always_written_is_null() -> None:
    assert write({"rules": []}, "Role", "rbac.authorization.k8s.io")["rules"] is None


def test_quantities_and_times_have_one_form() -> None:
    container = {"name": "c", "resources": {"limits": {"cpu": "1000m", "memory": 1024}}}
    written = write(
        {"metadata": {"creationTimestamp": "2026-01-31T02:00:00+02:00"}, "spec": {"containers": [container]}}
    )
    assert written["spec"]["containers"][0]["resources"]["limits"] == {"cpu": "1", "memory": "1024"}
    assert written["metadata"]["creationTimestamp"] == "2026-01-31T00:00:00Z"


def test_free_form_content_is_kept() -> None:
    data = {"a": {"b": None, "c": []}}
    assert write({"data": data}, "ControllerRevision", "apps")["data"] == data


@pytest.mark.parametrize(
    ("sent", "kind", "message"),
    [
        (
            {"spec": {"replicas": "three"}},
            "Deployment",
            "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        (
            {"spec": {"template": {"spec": {"containers": [{"name": 1}]}}}},
            "Deployment",
            "json: cannot unmarshal number into Go struct field Container.spec.template.spec.containers.name",
        ),
        (
            {"spec": {"template": []}},
            "Deployment",
            "json: cannot unmarshal array into Go struct field DeploymentSpec.spec.template of type v1.PodTemplateSpec",
        ),
        (
            {"spec": {"paused": "yes"}},
            "Deployment",
            "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.paused of type bool",
        ),
        ({"spec": {"replicas": 1.5}}, "Deployment", "json: cannot unmarshal number 1.5 into Go struct field"),
        ({"metadata": {"creationTimestamp": "today"}}, "Deployment", 'parsing time "today" as'),
    ],
)
def test_wrong_types_are_refused_in_the_servers_words(sent: dict[str, Any], kind: str, message: str) -> None:
    with pytest.raises(DecodeError) as error:
        write(sent, kind, "apps")
    assert str(error.value).startswith(message)
