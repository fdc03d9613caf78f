from __future__ import annotations

from typing import Any

import pytest

from sandbox.kubernetes.jsonpaths import find_all, set_value

OBJECT = {"a": {"b": [{"c": 1, "t": "x"}, {"c": 2, "t": "y"}], "d.e": 3}, "n": None}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (".a.b[0].c", [1]),
        (".a.b[*].c", [1, 2]),
        (".a.b[-1].c", [2]),
        (".a.b[9].c", []),
        (".a['d.e']", [3]),
        (r".a.d\.e", [3]),
        ('.a.b[?(@.t=="y")].c', [2]),
        (".n", []),
        (".missing.x", []),
        (".a.b[(", []),
    ],
)
def test_find_all(path: str, found: list[Any]) -> None:
    assert find_all(OBJECT, path) == found


def test_set_value_makes_the_way() -> None:
    obj: dict[str, Any] = {}
    set_value(obj, ".spec.size.replicas", 3)
    assert obj == {"spec": {"size": {"replicas": 3}}}
