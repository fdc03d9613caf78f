from __future__ import annotations

from typing import Any

import pytest

from environment.changes import (
    Change,
    FieldChange,
    count_actions,
    describe_plan,
    of_layer,
    ordered,
    shown,
    taking_out,
    text_of,
)


def change(layer: Any, action: Any, address: str, **more: Any) -> Change:
    return Change(layer=layer, action=action, address=address, **more)


MIXED = (
    change("pipelines", "update", "Deployment ml/b"),
    change("infrastructure", "create", "z"),
    change("pipelines", "noop", "Deployment ml/c"),
    change("services", "enable", "sqladmin.googleapis.com"),
    change("pipelines", "create", "Deployment ml/a"),
    change("infrastructure", "replace", "a"),
)


def test_order_is_by_layer_then_address_and_the_same_for_any_given_order():
    expected = [
        "enable sqladmin.googleapis.com",
        "replace a",
        "create z",
        "create Deployment ml/a",
        "update Deployment ml/b",
    ]
    assert [str(one) for one in ordered(MIXED)] == expected
    assert ordered(reversed(MIXED)) == ordered(MIXED)


OURS, THEIRS = FieldChange(path=".a", after=1), FieldChange(path=".b", before=2, owner="kubectl-edit")


@pytest.mark.parametrize(
    ("action", "added", "expected"),
    [
        ("noop", (), ("noop", (OURS,))),
        ("noop", (THEIRS,), ("update", (OURS, THEIRS))),
        ("update", (), ("update", (OURS,))),
        ("update", (THEIRS,), ("update", (OURS, THEIRS))),
        ("replace", (THEIRS,), ("replace", (OURS,))),
    ],
)
def test_what_others_added_is_among_the_fields_of_a_run_that_takes_it_out(action: Any, added: Any, expected: Any):
    taken = taking_out(change("pipelines", action, "Deployment ml/a", fields=(OURS,), added=added))
    assert (taken.action, taken.fields) == expected
    assert ordered([taken]) == (() if taken.action == "noop" else (taken,))


def test_one_layer_of_them():
    assert [one.address for one in of_layer(ordered(MIXED), "infrastructure")] == ["a", "z"]


@pytest.mark.parametrize(("count", "expected"), [(0, "No changes"), (1, "1 change"), (2, "2 changes")])
def test_what_a_final_state_says(count, expected):
    assert describe_plan(MIXED[:count]) == expected


def test_actions_are_counted_in_a_stable_order():
    changes = [change("infrastructure", action, "a") for action in ("delete", "create", "create", "update")]
    assert count_actions(changes) == "2 to create, 1 to update, 1 to delete"


def test_what_takes_something_away():
    assert {one.action for one in MIXED if one.takes_away} == {"replace"}
    assert change("pipelines", "delete", "x").takes_away


def test_fields_say_before_and_after_and_whose_they_are():
    field = FieldChange(path=".spec.replicas", before=1, after=None, owner="kubectl-scale")
    assert str(field) == ".spec.replicas: 1 → (absent) (set by kubectl-scale)"
    one = change("pipelines", "update", "Deployment ml/a", fields=(field,))
    assert one.owners == ("kubectl-scale",)
    assert one.explain() == "update Deployment ml/a: .spec.replicas"


def test_only_the_first_fields_are_named_in_one_line():
    fields = tuple(FieldChange(path=name) for name in "abcde")
    assert change("pipelines", "update", "x", fields=fields).explain() == "update x: a, b, c and 2 more"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (3, 3),
        ("text", "text"),
        ({"b": 1, "a": [True]}, '{"a": [true], "b": 1}'),
        ("x" * 300, f"{'x' * 200}…"),
    ],
)
def test_values_are_scalars_or_short_texts(value, expected):
    kept = shown(value)
    assert kept == expected
    assert type(kept) is type(expected)


@pytest.mark.parametrize(("value", "expected"), [(None, "(absent)"), (True, "true"), (5, "5"), ("", '""'), ("a", "a")])
def test_values_for_people(value, expected):
    assert text_of(value) == expected


def test_a_change_survives_json_with_the_types_of_its_values():
    fields = (FieldChange(path="a", before=1, after=True), FieldChange(path="b", before="1", after=1.5))
    one = change("infrastructure", "update", "x", fields=fields, replace_paths=("a",))
    again = Change.model_validate_json(one.model_dump_json())
    assert again == one
    assert [type(field.before) for field in again.fields] == [int, str]
    assert hash(again) == hash(one)
