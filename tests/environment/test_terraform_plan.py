from __future__ import annotations

from typing import Any

import pytest

from environment.changes import MASK, UNKNOWN
from environment.terraform_plan import (
    CLUSTER,
    attribute_path,
    changed_outside,
    infrastructure_changes,
    parse_plan,
    planned_infrastructure,
)


def entry(*actions: str, address: str = "module.a.google_x.this", **change: Any) -> dict[str, Any]:
    more = {key: change.pop(key) for key in ("action_reason", "deposed", "previous_address", "mode") if key in change}
    marks = {"after_unknown": {}, "before_sensitive": {}, "after_sensitive": {}}
    return {"address": address, "mode": "managed", **more, "change": {"actions": list(actions), **marks, **change}}


def fields_of(**change: Any) -> list[tuple[str, Any, Any]]:
    (found,) = infrastructure_changes({"resource_changes": [entry("update", **change)]})
    return [(field.path, field.before, field.after) for field in found.fields]


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        (["create"], "create"),
        (["update"], "update"),
        (["delete"], "delete"),
        (["forget"], "forget"),
        (["delete", "create"], "replace"),
        (["create", "delete"], "replace"),
        (["no-op"], None),
        (["read"], None),
    ],
)
def test_actions(actions, expected):
    found = infrastructure_changes({"resource_changes": [entry(*actions, before={"a": 1}, after={"a": 2})]})
    assert [one.action for one in found] == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("address", "action", "attribute", "expected"),
    [
        ("module.cluster.google_container_cluster.this", "update", "master_authorized_networks_config", True),
        ("module.cluster.google_container_cluster.this", "update", "private_cluster_config", True),
        ("module.cluster.google_container_cluster.this", "update", "release_channel", False),
        ("module.cluster.google_container_cluster.this", "create", "private_cluster_config", False),
        ("module.cluster.google_container_node_pool.this", "update", "private_cluster_config", False),
    ],
)
def test_what_opens_an_endpoint_changes_who_reaches_it(address, action, attribute, expected):
    before = None if action == "create" else {attribute: [{"a": [1]}]}
    change = entry(action, address=address, before=before, after={attribute: [{"a": [2]}]})
    assert parse_plan({"resource_changes": [change]}).opens_endpoint is expected


@pytest.mark.parametrize("action", ["create", "delete"])
def test_what_comes_or_goes_as_a_whole_has_no_fields(action):
    (found,) = infrastructure_changes({"resource_changes": [entry(action, before=None, after={"password": "x"})]})
    assert found.fields == ()


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, [("b", 2, 3)]),
        ({"a": [{"b": 1}]}, {"a": [{"b": 5}]}, [("a[0].b", 1, 5)]),
        ({"a": [1]}, {"a": [1, 2]}, [("a[1]", None, 2)]),
        ({"a": {"goog-x/y": "1"}}, {"a": {}}, [('a["goog-x/y"]', "1", None)]),
        ({"a": True}, {"a": None}, [("a", True, None)]),
        ({"a": [{"b": 1}]}, {"a": None}, [("a", '[{"b": 1}]', None)]),
        # Providers do not tell null from empty.
        ({"a": None, "b": "", "c": [], "d": 1}, {"a": "", "b": None, "c": None, "d": 2}, [("d", 1, 2)]),
    ],
)
def test_fields_are_named_by_their_path(before, after, expected):
    assert fields_of(before=before, after=after) == expected


def test_what_is_known_after_apply_only():
    before = {"id": "x", "a": [{"b": 1, "c": 1}]}
    after = {"a": [{"c": 1}]}
    found = fields_of(before=before, after=after, after_unknown={"id": True, "a": [{"b": True}]})
    assert found == [("a[0].b", 1, UNKNOWN), ("id", "x", UNKNOWN)]


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ({"before_sensitive": {"p": True}}, [("p", MASK, MASK)]),
        ({"after_sensitive": {"p": True}}, [("p", MASK, MASK)]),
        ({"after_sensitive": True}, [("", MASK, MASK)]),
        ({"before_sensitive": {"p": [{"q": True}]}}, [("p", "old-value", "new-value")]),
    ],
)
def test_sensitive_values_are_masked_on_both_sides(marks, expected):
    found = fields_of(before={"p": "old-value"}, after={"p": "new-value"}, **marks)
    assert found == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, [{"p": "hidden", "q": 1}], [("a", None, f'[{{"p": "{MASK}", "q": 1}}]')]),
        ([{"p": "hidden", "q": 1}], None, [("a", f'[{{"p": "{MASK}", "q": 1}}]', None)]),
        ([{"p": "hidden", "q": 1}], [{"p": "other", "q": 2}], [("a[0].p", MASK, MASK), ("a[0].q", 1, 2)]),
        ([{"p": None, "q": 1}], [{"p": "hidden", "q": 1}], [("a[0].p", None, MASK)]),
    ],
)
def test_sensitive_values_within_a_field_are_masked(before, after, expected):
    marks = {"a": [{"p": True}]}
    found = fields_of(before={"a": before}, after={"a": after}, before_sensitive=marks, after_sensitive=marks)
    assert found == expected


def test_sensitive_value_that_becomes_unknown_is_masked():
    found = fields_of(before={"p": "x"}, after={}, after_unknown={"p": True}, before_sensitive={"p": True})
    assert found == [("p", MASK, UNKNOWN)]


def test_replacement_names_what_forces_it_and_leaves_out_what_is_new_anyway():
    change = entry(
        "delete",
        "create",
        before={"id": "x", "network": "old", "settings": [{"tier": "a"}], "note": 1},
        after={"settings": [{"tier": "b"}], "note": 2},
        after_unknown={"id": True, "network": True},
        replace_paths=[["settings", 0, "tier"], ["network"]],
        action_reason="replace_because_cannot_update",
    )
    (found,) = infrastructure_changes({"resource_changes": [change]})
    assert found.replace_paths == ("settings[0].tier", "network")
    assert found.reason == "replace_because_cannot_update"
    assert [(field.path, field.after) for field in found.fields] == [
        ("network", UNKNOWN),
        ("note", 2),
        ("settings[0].tier", "b"),
    ]


def test_moves_and_imports_change_the_state_alone():
    moved = entry("no-op", address="b", previous_address="a")
    imported = entry("no-op", address="c", importing={"id": "x"})
    found = infrastructure_changes({"resource_changes": [moved, imported]})
    assert [str(one) for one in found] == ["move b", "import c"]
    assert found[0].fields[0].before == "a"


def test_left_over_object_has_an_address_of_its_own():
    found = infrastructure_changes({"resource_changes": [entry("delete", address="a", deposed="12ab", before={})]})
    assert [str(one) for one in found] == ["delete a (deposed 12ab)"]


def test_outputs_count_only_where_nothing_else_changes():
    outputs = {"a": entry("create")["change"], "b": entry("no-op")["change"]}
    resource = entry("create", address="x")
    assert [str(one) for one in infrastructure_changes({"output_changes": outputs})] == ["create output.a"]
    assert [
        str(one) for one in infrastructure_changes({"output_changes": outputs, "resource_changes": [resource]})
    ] == ["create x"]


def test_what_others_changed_is_apart_from_what_will_be():
    document = {"resource_drift": [entry("update", before={"a": 1}, after={"a": 9}), entry("delete", address="b")]}
    assert infrastructure_changes(document) == ()
    found = changed_outside(document)
    assert [str(one) for one in found] == ["delete b", "update module.a.google_x.this"]
    assert [(field.before, field.after) for field in found[1].fields] == [(1, 9)]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (["a"], "a"),
        (["a", 0, "b"], "a[0].b"),
        (["labels", "goog-ops"], 'labels["goog-ops"]'),
        (["labels", "a/b"], 'labels["a/b"]'),
    ],
)
def test_paths(steps, expected):
    assert attribute_path(steps) == expected


@pytest.mark.parametrize(
    ("actions", "address", "expected"),
    [
        (["create"], "module.cluster.google_container_cluster.this", True),
        (["delete", "create"], 'google_container_cluster.this["x"]', True),
        (["update"], "module.cluster.google_container_cluster.this", False),
        (["create"], "module.cluster.google_container_cluster_extra.this", False),
    ],
)
def test_whether_a_cluster_is_made_anew(actions, address, expected):
    plan = parse_plan({"resource_changes": [entry(*actions, address=address)]})
    assert plan.makes_anew(CLUSTER) == expected


def test_outputs_are_typed_once_all_are_known():
    values = {
        "network": {"name": "n", "subnetwork": "s"},
        "cluster": {"name": "c", "location": "l", "endpoint": "e", "workload_pool": "w"},
        "database": {"instance": "i", "connection_name": "p:r:i", "version": "MYSQL_8_0"},
        "artifact_store": {"bucket": "b", "url": "gs://b"},
        "service_accounts": {"node": "n@p", "system": "s@p", "user": "u@p"},
    }
    outputs: dict[str, Any] = {name: {"sensitive": False, "value": value} for name, value in values.items()}
    found = planned_infrastructure({"planned_values": {"outputs": outputs}})
    assert found is not None
    assert found.cluster.name == "c"
    del outputs["cluster"]["value"]
    assert planned_infrastructure({"planned_values": {"outputs": outputs}}) is None
    assert planned_infrastructure({"planned_values": {}}) is None


@pytest.mark.parametrize(
    ("before", "is_protected"),
    [
        ({"deletion_protection": True}, True),
        ({"deletion_protection": False, "settings": [{"deletion_protection_enabled": True}]}, True),
        ({"deletion_protection": False, "settings": [{"deletion_protection_enabled": False}]}, False),
        ({"settings": []}, False),
        (None, False),
    ],
)
def test_protection_is_read_from_what_there_is(before: Any, is_protected: bool) -> None:
    actions = ("create",) if before is None else ("delete", "create")
    (change,) = infrastructure_changes({"resource_changes": [entry(*actions, before=before, after={})]})
    assert change.is_protected is is_protected
