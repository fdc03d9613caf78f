from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
WIDGETS = "/apis/example.com/v1/namespaces/default/widgets"


def widget(name: str = "w", version: str = "v1", **spec: Any) -> dict[str, Any]:
    return {"apiVersion": f"example.com/{version}", "kind": "Widget", "metadata": {"name": name}, "spec": spec}


@pytest.fixture
def widgets(api: Any, objects: Any) -> Any:
    api.create(DEFINITIONS, objects["definition"])
    return api


def test_a_definition_is_established_and_served(widgets: Any) -> None:
    status = widgets.get(f"{DEFINITIONS}/widgets.example.com")["status"]
    assert {each["type"]: each["status"] for each in status["conditions"]} == {
        "NamesAccepted": "True",
        "Established": "True",
    }
    assert status["acceptedNames"] == {
        "plural": "widgets",
        "singular": "widget",
        "kind": "Widget",
        "listKind": "WidgetList",
        "shortNames": ["wg"],
    }
    assert status["storedVersions"] == ["v1"]
    listed = widgets.get("/apis/example.com/v1")["resources"]
    assert [each["name"] for each in listed] == ["widgets", "widgets/status", "widgets/scale"]


def test_served_again_after_a_restart(widgets: Any, make_api: Callable[[], Any]) -> None:
    widgets.create(WIDGETS, widget(size=1))
    assert make_api().get(f"{WIDGETS}/w")["spec"] == {"size": 1, "color": "red"}


def test_names_that_are_taken(widgets: Any, objects: Any) -> None:
    other = copy.deepcopy(objects["definition"])
    other["metadata"]["name"] = "gadgets.example.com"
    other["spec"]["names"] = {"plural": "gadgets", "kind": "Widget"}
    widgets.create(DEFINITIONS, other)
    conditions = widgets.get(f"{DEFINITIONS}/gadgets.example.com")["status"]["conditions"]
    assert [(each["type"], each["status"], each["reason"]) for each in conditions] == [
        ("NamesAccepted", "False", "KindConflict"),
        ("Established", "False", "NotAccepted"),
    ]
    assert widgets.call("GET", "/apis/example.com/v1/gadgets")[0] == 404


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda crd: crd["metadata"].update(name="other"), 'must be spec.names.plural+"."+spec.group'),
        (lambda crd: crd["spec"].update(scope="Everywhere"), "spec.scope: Unsupported value"),
        (lambda crd: crd["spec"]["versions"][0].update(storage=False), "exactly one version marked as storage version"),
        (lambda crd: crd["spec"]["versions"][0].pop("schema"), "schemas are required"),
        (
            lambda crd: crd["spec"]["versions"][0].update(
                schema={"openAPIV3Schema": {"type": "object", "properties": {"a": {"properties": {}}}}}
            ),
            "properties[a].type: Required value: must not be empty for specified object fields",
        ),
    ],
)
def test_definitions_that_are_refused(
    api: Any, objects: Any, change: Callable[[dict[str, Any]], None], message: str
) -> None:
    definition = copy.deepcopy(objects["definition"])
    change(definition)
    code, status = api.call("POST", DEFINITIONS, definition)
    assert code == 422
    assert message in status["message"]


def test_unknown_fields_are_pruned_and_defaults_filled_in(widgets: Any) -> None:
    answer = widgets.request("POST", WIDGETS, {**widget(size=2, weight=3), "status": {"ready": True}})
    made = answer.json()
    assert made["spec"] == {"size": 2, "color": "red"}
    assert "status" not in made
    assert made["metadata"]["generation"] == 1
    assert answer.headers["warning"] == '299 - "unknown field \\"spec.weight\\""'


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({}, "spec.size: Required value"),
        ({"size": 11}, "spec.size: Invalid value: 11: spec.size in body should be less than or equal to 10"),
        ({"size": "big"}, 'spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"'),
        ({"size": 1, "color": "blue"}, 'spec.color: Unsupported value: "blue": supported values: "red", "green"'),
    ],
)
def test_objects_that_violate_the_schema(widgets: Any, spec: dict[str, Any], message: str) -> None:
    code, status = widgets.call("POST", WIDGETS, widget(**spec))
    assert (code, status["reason"]) == (422, "Invalid")
    assert message in status["message"]


def test_status_is_a_subresource(widgets: Any) -> None:
    widgets.create(WIDGETS, widget(size=1))
    assert "status" not in widgets.merge(f"{WIDGETS}/w", {"status": {"ready": True}})
    after = widgets.merge(f"{WIDGETS}/w/status", {"status": {"ready": True}, "spec": {"size": 9}})
    assert (after["status"], after["spec"]["size"], after["metadata"]["generation"]) == ({"ready": True}, 1, 1)


def test_an_update_has_to_name_its_version(widgets: Any) -> None:
    widgets.create(WIDGETS, widget(size=1))
    code, status = widgets.call("PUT", f"{WIDGETS}/w", widget(size=2))
    assert code == 422
    assert "metadata.resourceVersion: Invalid value: 0x0: must be specified for an update" in status["message"]


def test_no_strategic_merge(widgets: Any) -> None:
    widgets.create(WIDGETS, widget(size=1))
    code, status = widgets.call("PATCH", f"{WIDGETS}/w", {}, "application/strategic-merge-patch+json")
    assert code == 415
    assert "application/strategic-merge-patch+json" not in status["message"]


def test_versions_differ_by_their_name_only(widgets: Any) -> None:
    widgets.create(WIDGETS, widget(size=1))
    old = "/apis/example.com/v1beta1/namespaces/default/widgets"
    answer = widgets.request("GET", f"{old}/w")
    assert (answer.json()["apiVersion"], answer.json()["spec"]["size"]) == ("example.com/v1beta1", 1)
    assert "deprecated; use example.com/v1 Widget" in answer.headers["warning"]
    widgets.create(old, widget("x", "v1beta1", size=2))
    assert [each["apiVersion"] for each in widgets.get(WIDGETS)["items"]] == ["example.com/v1"] * 2


def test_scale(widgets: Any) -> None:
    widgets.create(WIDGETS, widget(size=1))
    assert widgets.call("GET", f"{WIDGETS}/w/scale")[0] == 500
    assert widgets.merge(f"{WIDGETS}/w/scale", {"spec": {"replicas": 3}})["spec"] == {"replicas": 3}
    assert widgets.get(f"{WIDGETS}/w")["spec"]["replicas"] == 3
    assert widgets.get(f"{WIDGETS}/w/scale")["status"] == {"replicas": 0}


def test_columns(widgets: Any) -> None:
    widgets.create(WIDGETS, widget(size=4))
    table = widgets.request("GET", WIDGETS, accept="application/json;as=Table;v=v1;g=meta.k8s.io").json()
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Size"]
    assert table["rows"][0]["cells"] == ["w", 4]


def test_a_definition_takes_its_objects_along(widgets: Any) -> None:
    widgets.create(WIDGETS, widget(size=1))
    held = widget("held", size=1)
    held["metadata"]["finalizers"] = ["example.com/hold"]
    widgets.create(WIDGETS, held)
    marked = widgets.delete(f"{DEFINITIONS}/widgets.example.com")
    assert marked["metadata"]["finalizers"] == ["customresourcecleanup.apiextensions.k8s.io"]
    assert [each["metadata"]["name"] for each in widgets.get(WIDGETS)["items"]] == ["held"]
    widgets.merge(f"{WIDGETS}/held", {"metadata": {"finalizers": None}})
    assert not widgets.exists(f"{DEFINITIONS}/widgets.example.com")
    assert widgets.call("GET", WIDGETS)[0] == 404
    assert "example.com" not in str(widgets.get("/apis"))
