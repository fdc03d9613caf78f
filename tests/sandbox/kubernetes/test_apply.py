from __future__ import annotations

import copy
from typing import Any

import pytest

from sandbox.kubernetes.apply import ApplyConflict, ApplyError, apply, record_update
from sandbox.kubernetes.types import Schema, builtin_schema, crd_schema

THEN, NOW = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
Object = dict[str, Any]


def schema_of(group: str, version: str, kind: str) -> Schema:
    schema = builtin_schema(group, version, kind)
    assert schema is not None
    return schema


CONFIG_MAP = schema_of("", "v1", "ConfigMap")
DEPLOYMENT = schema_of("apps", "v1", "Deployment")
WIDGET = crd_schema(
    {
        "type": "object",
        "properties": {
            "spec": {"type": "object", "properties": {"size": {"type": "integer", "default": 1}, "name": {}}},
            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        },
    },
    has_status=True,
)


def config_map(**data: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": data}


def widget(**parts: Any) -> Object:
    return {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, **parts}


def deployment(replicas: int | None = None, image: str = "main:1") -> Object:
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "main", "image": image}]}}
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
    spec |= {} if replicas is None else {"replicas": replicas}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": spec}


def applied(live: Object | None, obj: Object, by: str, *, schema: Schema = CONFIG_MAP, **options: Any) -> Object:
    return apply(live, obj, schema, manager=by, **{"force": False, "now": THEN, **options})


def updated(live: Object | None, obj: Object, by: str, *, schema: Schema = CONFIG_MAP, **options: Any) -> Object:
    kept = (live or {}).get("metadata", {}).get("managedFields")
    metadata = {**obj["metadata"], **({"managedFields": kept} if kept else {})}
    return record_update(live, {**obj, "metadata": metadata}, schema, manager=by, **{"now": THEN, **options})


def owners(obj: Object) -> dict[str, Object]:
    return {entry["manager"]: entry["fieldsV1"] for entry in obj["metadata"].get("managedFields", [])}


def test_an_applier_owns_what_it_sets() -> None:
    created = applied(None, config_map(one="1"), "a")
    assert created["data"] == {"one": "1"}
    assert created["metadata"]["managedFields"] == [
        {
            "apiVersion": "v1",
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:data": {"f:one": {}}},
            "manager": "a",
            "operation": "Apply",
            "time": THEN,
        }
    ]


def test_apply_changes_nothing_that_is_passed_in() -> None:
    live, config = applied(None, config_map(one="1"), "a"), config_map(one="2")
    before = copy.deepcopy((live, config))
    applied(live, config, "b", force=True)
    assert (live, config) == before


def test_apply_without_effect_returns_the_live_object() -> None:
    live = applied(None, deployment(2), "a", schema=DEPLOYMENT)
    assert applied(live, deployment(2), "a", schema=DEPLOYMENT, now=NOW) == live


def test_what_is_no_longer_applied_goes() -> None:
    live = applied(None, config_map(one="1", two="2"), "a")
    result = applied(live, config_map(two="2"), "a", now=NOW)
    assert result["data"] == {"two": "2"}
    assert owners(result) == {"a": {"f:data": {"f:two": {}}}}
    assert result["metadata"]["managedFields"][0]["time"] == NOW


def test_what_others_own_too_stays() -> None:
    live = applied(applied(None, config_map(one="1"), "a"), config_map(one="1", two="2"), "b")
    result = applied(live, {**config_map(), "data": None}, "a")
    assert result["data"] == {"one": "1", "two": "2"}


def test_what_an_updater_set_stays() -> None:
    live = updated(None, config_map(one="1"), "c")
    live = applied(live, config_map(one="1", two="2"), "a")
    assert applied(live, {**config_map(), "data": {}}, "a")["data"] == {"one": "1"}


def test_equal_values_are_shared_without_conflict() -> None:
    live = applied(None, config_map(one="1"), "a")
    result = applied(live, config_map(one="1"), "b", now=NOW)
    assert owners(result) == {"a": {"f:data": {"f:one": {}}}, "b": {"f:data": {"f:one": {}}}}


def test_other_values_conflict() -> None:
    live = applied(None, config_map(one="1", two="2"), "a")
    with pytest.raises(ApplyConflict) as raised:
        applied(live, config_map(one="x", two="x"), "b")
    assert str(raised.value) == 'Apply failed with 2 conflicts: conflicts with "a":\n- .data.one\n- .data.two'
    assert raised.value.causes[0] == {
        "reason": "FieldManagerConflict",
        "message": 'conflict with "a"',
        "field": ".data.one",
    }


def test_a_conflict_names_an_updater_with_its_version() -> None:
    live = applied(None, deployment(2), "a", schema=DEPLOYMENT)
    scaled = updated(live, {**live, "spec": {**live["spec"], "replicas": 5}}, "kubectl", schema=DEPLOYMENT)
    with pytest.raises(ApplyConflict) as raised:
        applied(scaled, deployment(2), "a", schema=DEPLOYMENT)
    assert str(raised.value) == 'Apply failed with 1 conflict: conflict with "kubectl" using apps/v1: .spec.replicas'


def test_a_conflict_in_a_list_names_the_item() -> None:
    live = applied(None, deployment(), "a", schema=DEPLOYMENT)
    with pytest.raises(ApplyConflict) as raised:
        applied(live, deployment(image="main:2"), "b", schema=DEPLOYMENT)
    assert [each.field for each in raised.value.conflicts] == ['.spec.template.spec.containers[name="main"].image']


def test_force_takes_what_conflicts() -> None:
    live = applied(None, config_map(one="1", two="2"), "a")
    result = applied(live, config_map(one="x"), "b", force=True)
    assert result["data"] == {"one": "x", "two": "2"}
    assert owners(result) == {"a": {"f:data": {"f:two": {}}}, "b": {"f:data": {"f:one": {}}}}


def test_an_update_moves_what_it_changes() -> None:
    live = applied(None, config_map(one="1", two="2"), "a")
    result = updated(live, config_map(one="x", three="3"), "c")
    assert owners(result) == {"c": {"f:data": {"f:one": {}, "f:three": {}}}}


def test_the_creator_owns_what_the_server_would_not_write_by_itself() -> None:
    created = updated(None, deployment(1), "c", schema=DEPLOYMENT)
    spec = owners(created)["c"]["f:spec"]
    assert "." not in spec
    assert "." not in spec["f:template"]["f:spec"]["f:containers"]
    assert spec["f:template"]["f:metadata"]["f:labels"] == {".": {}, "f:a": {}}
    assert owners(updated(None, widget(spec={"size": 1}), "c", schema=WIDGET))["c"] == {
        "f:spec": {".": {}, "f:size": {}}
    }


def test_an_update_without_effect_keeps_the_times() -> None:
    live = updated(None, config_map(one="1"), "c")
    assert updated(live, config_map(one="1"), "c", now=NOW) == live


@pytest.mark.parametrize("reset", [[], [{}]])
def test_managed_fields_can_be_reset(reset: list[Object]) -> None:
    live = updated(None, config_map(one="1"), "c")
    result = record_update(
        live, {**live, "metadata": {"name": "c", "managedFields": reset}}, CONFIG_MAP, manager="c", now=NOW
    )
    assert owners(result) == {}


def test_what_was_not_tracked_belongs_to_before_first_apply() -> None:
    result = applied(config_map(one="1"), config_map(two="2"), "a")
    assert owners(result) == {
        "before-first-apply": {"f:data": {".": {}, "f:one": {}}},
        "a": {"f:data": {"f:two": {}}},
    }


def test_untracked_objects_stay_untracked_by_updates() -> None:
    assert owners(updated(config_map(one="1"), config_map(one="2"), "c")) == {}


def test_status_belongs_to_its_subresource() -> None:
    live = applied(None, widget(spec={"size": 2}, status={"phase": "x"}), "a", schema=WIDGET)
    assert owners(live) == {"a": {"f:spec": {"f:size": {}}}}
    changed = {**live, "spec": {"size": 9}, "status": {"phase": "y"}}
    result = updated(live, changed, "k", schema=WIDGET, subresource="status")
    entry = next(each for each in result["metadata"]["managedFields"] if each["manager"] == "k")
    assert (entry["subresource"], entry["fieldsV1"]) == ("status", {"f:status": {"f:phase": {}}})


def test_the_oldest_of_many_updaters_are_folded() -> None:
    live = updated(None, config_map(k0="0"), "m0")
    for number in range(1, 12):
        obj = {**live, "data": {**live["data"], f"k{number}": "1"}}
        live = updated(live, obj, f"m{number}", now=f"2026-01-01T00:00:{number:02}Z")
    assert len(owners(live)) == 10
    assert owners(live)["ancient-changes"] == {"f:data": {".": {}, "f:k0": {}, "f:k1": {}, "f:k2": {}}}


def test_a_custom_resource_gets_its_defaults() -> None:
    result = applied(None, widget(spec={"name": "x"}), "a", schema=WIDGET)
    assert result["spec"] == {"name": "x", "size": 1}
    assert owners(result) == {"a": {"f:spec": {"f:name": {}}}}


@pytest.mark.parametrize(
    ("obj", "code", "problem"),
    [
        ({"spec": {"foo": 1}}, 500, ".spec.foo: field not declared in schema"),
        ({"spec": {"replicas": "x"}}, 500, ".spec.replicas: expected numeric (int or float), got string"),
        ({"spec": []}, 500, ".spec: expected map, got &{[]}"),
    ],
)
def test_what_has_not_its_type_cannot_be_applied(obj: Object, code: int, problem: str) -> None:
    with pytest.raises(ApplyError) as raised:
        applied(None, {**deployment(), **obj}, "a", schema=DEPLOYMENT)
    told = f"failed to create typed patch object (/d; apps/v1, Kind=Deployment): {problem}"
    assert (raised.value.code, str(raised.value)) == (code, told)


def test_managed_fields_cannot_be_applied() -> None:
    with pytest.raises(ApplyError, match=r"metadata\.managedFields must be nil") as raised:
        applied(None, {**config_map(), "metadata": {"name": "c", "managedFields": []}}, "a")
    assert raised.value.code == 400


def test_what_cannot_be_converted_is_refused() -> None:
    obj = deployment()
    obj["spec"]["template"]["spec"]["containers"][0]["resources"] = {"limits": {"cpu": "abc"}}
    with pytest.raises(ApplyError, match=r"failed to convert new object .*quantities must match") as raised:
        applied(None, obj, "a", schema=DEPLOYMENT)
    assert raised.value.code == 500
