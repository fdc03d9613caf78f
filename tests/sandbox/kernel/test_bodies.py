from __future__ import annotations

from typing import Any

import pytest

from sandbox.kernel.bodies import field, mask_paths, masked, merged, without_nulls
from sandbox.kernel.errors import ApiError


@pytest.mark.parametrize(
    ("body", "path", "kind", "expected"),
    [
        ({"a": {"b": "x"}}, "a.b", str, "x"),
        ({"a": None}, "a.b", str, "default"),
        ({}, "a", int, "default"),
        ({"a": "12"}, "a", int, 12),
        ({"a": "-3"}, "a", int, -3),
        ({"a": False}, "a", bool, False),
    ],
)
def test_a_field_is_read(body: dict[str, Any], path: str, kind: type, expected: object) -> None:
    assert field(body, path, kind, "default") == expected


@pytest.mark.parametrize(
    ("body", "path", "kind"),
    [({"a": "x"}, "a", int), ({"a": True}, "a", int), ({"a": 1}, "a", str), ({"a": "x"}, "a.b", str)],
)
def test_a_field_of_another_type_is_refused(body: dict[str, Any], path: str, kind: type) -> None:
    with pytest.raises(ApiError) as caught:
        field(body, path, kind)
    assert caught.value.code == 400


def test_nulls_are_as_good_as_nothing() -> None:
    assert without_nulls({"a": None, "b": {"c": None, "d": 1}, "e": [{"f": None}]}) == {"b": {"d": 1}, "e": [{}]}


def test_a_change_is_merged_member_by_member() -> None:
    before = {"a": {"b": 1, "c": 2}, "d": [1, 2], "e": 1}
    assert merged(before, {"a": {"b": None, "f": 3}, "d": [3], "e": None}) == {"a": {"c": 2, "f": 3}, "d": [3]}


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        ("labels", {"labels": {"new": "1"}, "setup": {"machineType": "a", "tags": ["t"]}}),
        ("setup.machine_type", {"labels": {"old": "1"}, "setup": {"machineType": "b", "tags": ["t"]}}),
        ("labels, setup.tags", {"labels": {"new": "1"}, "setup": {"machineType": "a"}}),
    ],
)
def test_a_mask_takes_its_fields_whole(mask: str, expected: dict[str, Any]) -> None:
    before = {"labels": {"old": "1"}, "setup": {"machineType": "a", "tags": ["t"]}}
    change = {"labels": {"new": "1"}, "setup": {"machineType": "b"}}
    assert masked(before, change, mask_paths(mask)) == expected
    assert before["setup"] == {"machineType": "a", "tags": ["t"]}
