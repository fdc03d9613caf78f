"""Planning: what a configuration means beside a prior state."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.provider.plan import changes, is_known, plan_values
from sandbox.provider.rules import Rules
from sandbox.provider.schema import Attribute, Block, Nested
from sandbox.provider.wire import UNKNOWN

INNER = Block(
    {"key": Attribute("string", required=True), "size": Attribute("number", optional=True, computed=True)}, {}
)
BLOCK = Block(
    {
        "name": Attribute("string", required=True),
        "mode": Attribute("string", optional=True),
        "link": Attribute("string", optional=True),
        "size": Attribute("number", optional=True, computed=True),
        "output": Attribute("string", computed=True),
        "secret": Attribute("string", optional=True, write_only=True),
        "members": Attribute(["set", "string"], optional=True),
    },
    {
        "list": Nested("list", INNER, 0, 0),
        "set": Nested("set", INNER, 0, 0),
        "filled": Nested("list", INNER, 0, 1),
    },
)
RULES = Rules(
    defaults={"mode": "FAST"},
    computed_blocks=frozenset({"filled"}),
    same={"link": lambda one, other: one.rsplit("/", 1)[-1] == other.rsplit("/", 1)[-1]},
)
EMPTY: dict[str, Any] = {
    **dict.fromkeys(BLOCK.attributes),
    "list": [],
    "set": [],
    "filled": [],
}
KNOWN = {**EMPTY, "name": "a", "mode": "FAST", "size": 3, "output": "o", "link": "projects/p/x", "members": ["a", "b"]}


def plan(prior: dict[str, Any] | None, **config: Any) -> dict[str, Any]:
    whole = {**EMPTY, "name": "a", **config}
    return plan_values(BLOCK, RULES, prior, whole, whole)


def test_a_new_object_has_defaults_and_unknown_outputs() -> None:
    planned = plan(None)
    assert planned["mode"] == "FAST"
    assert planned["size"] is UNKNOWN
    assert planned["output"] is UNKNOWN
    assert planned["filled"] is UNKNOWN
    assert planned["list"] == []


@pytest.mark.parametrize(
    ("config", "name", "expected"),
    [
        ({}, "size", 3),
        ({"size": 4}, "size", 4),
        ({"size": UNKNOWN}, "size", UNKNOWN),
        ({}, "output", "o"),
        ({}, "mode", "FAST"),
        ({"mode": "SLOW"}, "mode", "SLOW"),
        ({}, "link", None),
        ({"link": "x"}, "link", "projects/p/x"),
        ({"link": "y"}, "link", "y"),
        ({"secret": "s"}, "secret", None),
        ({"members": ["b", "a"]}, "members", ["a", "b"]),
        ({"members": ["b"]}, "members", ["b"]),
    ],
)
def test_a_known_object_keeps_what_the_configuration_does_not_change(
    config: dict[str, Any], name: str, expected: Any
) -> None:
    assert plan(KNOWN, **config)[name] == expected


def test_blocks_that_the_cloud_fills_stay_without_a_configuration() -> None:
    held = [{"key": "k", "size": 1}]
    assert plan({**KNOWN, "filled": held})["filled"] == held
    assert plan({**KNOWN, "list": held})["list"] == []


def test_an_element_of_a_list_is_known_by_its_place_and_one_of_a_set_by_its_content() -> None:
    prior = {**KNOWN, "list": [{"key": "a", "size": 1}], "set": [{"key": "a", "size": 1}, {"key": "b", "size": 2}]}
    asked = [{"key": "b", "size": None}, {"key": "a", "size": None}]
    planned = plan(prior, list=asked, set=asked)
    assert planned["list"] == [{"key": "b", "size": 1}, {"key": "a", "size": UNKNOWN}]
    assert planned["set"] == [{"key": "b", "size": 2}, {"key": "a", "size": 1}]


@pytest.mark.parametrize(
    ("prior", "planned", "expected"),
    [
        ({}, {}, []),
        ({"name": "a"}, {"name": "b"}, [("name", ("name",))]),
        ({"list": [{"key": "a"}]}, {"list": [{"key": "b"}]}, [("list.key", ("list", 0, "key"))]),
        ({"list": [{"key": "a"}]}, {"list": []}, [("list", ("list",))]),
        ({"set": [{"key": "a"}, {"key": "b"}]}, {"set": [{"key": "b"}, {"key": "a"}]}, []),
        ({"set": [{"key": "a"}]}, {"set": [{"key": "c"}]}, [("set", ("set",))]),
        ({"list": [{"key": "a"}]}, {"list": UNKNOWN}, [("list", ("list",))]),
    ],
)
def test_changes_name_their_place(prior: dict[str, Any], planned: dict[str, Any], expected: list[Any]) -> None:
    assert list(changes(BLOCK, {**EMPTY, **prior}, {**EMPTY, **planned})) == expected


def test_a_change_of_a_block_above_forces_a_replacement() -> None:
    rules = Rules(replace=frozenset({"list"}))
    assert rules.replaces("list.key")
    assert not rules.replaces("lists")


def test_unknown_is_found_at_any_depth() -> None:
    assert is_known({"a": [1, {"b": None}]})
    assert not is_known({"a": [1, {"b": UNKNOWN}]})
