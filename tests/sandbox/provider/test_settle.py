"""Settling: the state after an answer keeps the configuration's spelling and shows drift."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.provider.rules import Rules
from sandbox.provider.schema import Attribute, Block, Nested
from sandbox.provider.settle import settle
from sandbox.provider.wire import UNKNOWN

INNER = Block(
    {"key": Attribute("string", required=True), "size": Attribute("number", optional=True, computed=True)}, {}
)
BLOCK = Block(
    {
        "mode": Attribute("string", optional=True),
        "link": Attribute("string", optional=True),
        "password": Attribute("string", optional=True),
        "size": Attribute("number", optional=True, computed=True),
        "wanted": Attribute("bool", optional=True),
    },
    {
        "list": Nested("list", INNER, 0, 0),
        "set": Nested("set", INNER, 0, 0),
        "filled": Nested("list", INNER, 0, 1),
        "marker": Nested("list", Block({}, {}), 0, 1),
    },
)
RULES = Rules(
    defaults={"mode": "FAST"},
    sent_only=frozenset({"password"}),
    computed_blocks=frozenset({"filled"}),
    tracked=frozenset({"set"}),
    markers=frozenset({"marker"}),
    same={"link": lambda one, other: one.rsplit("/", 1)[-1] == other.rsplit("/", 1)[-1]},
)


@pytest.mark.parametrize(
    ("name", "held", "observed", "expected"),
    [
        ("size", UNKNOWN, 3, 3),
        ("size", UNKNOWN, None, None),
        ("size", None, 3, 3),
        ("size", 3, 4, 4),
        ("mode", "FAST", "SLOW", "SLOW"),
        ("mode", "FAST", None, None),
        ("mode", None, "FAST", "FAST"),
        ("mode", None, "", None),
        ("link", "x", "https://host/projects/p/x", "x"),
        ("link", "x", "https://host/projects/p/y", "https://host/projects/p/y"),
        ("password", "p", None, "p"),
        ("wanted", False, None, False),
        ("wanted", None, False, None),
        ("wanted", True, None, None),
    ],
)
def test_attributes(name: str, held: Any, observed: Any, expected: Any) -> None:
    said = {} if observed is None else {name: observed}
    state = settle(BLOCK, RULES, {name: held}, said)
    assert state[name] == expected


ONE, TWO = {"key": "a", "size": 1}, {"key": "b", "size": 2}


@pytest.mark.parametrize(
    ("name", "held", "observed", "expected"),
    [
        ("list", [{"key": "a", "size": UNKNOWN}], [ONE], [ONE]),
        ("list", [ONE], [TWO], [TWO]),
        ("list", [ONE], [], []),
        ("list", [], [ONE], []),
        ("list", [ONE], None, [ONE]),
        ("filled", [], [ONE], [ONE]),
        ("filled", UNKNOWN, [ONE], [ONE]),
        ("set", [], [ONE], [ONE]),
        ("set", [{"key": "b", "size": UNKNOWN}, ONE], [ONE, TWO], [ONE, TWO]),
        ("marker", [], [{}], []),
        ("marker", [{}], [{}], [{}]),
        ("marker", [{}], [], []),
    ],
)
def test_blocks(name: str, held: Any, observed: Any, expected: Any) -> None:
    said = {} if observed is None else {name: observed}
    assert settle(BLOCK, RULES, {name: held}, said)[name] == expected


def test_an_import_takes_over_every_block() -> None:
    said = {"list": [ONE], "marker": [{}]}
    state = settle(BLOCK, RULES, {"password": "p"}, said, is_imported=True)
    assert state["list"] == [ONE]
    assert state["marker"] == [{}]
    assert state["password"] == "p"
