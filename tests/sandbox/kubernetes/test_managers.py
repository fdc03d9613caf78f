from __future__ import annotations

from typing import Any

import pytest

from sandbox.kubernetes.managers import Manager, cap_updates, decode_managed, encode_managed, keep_times

ENTRY = {"manager": "a", "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": {"f:x": {}}}


def entry(**changes: Any) -> dict[str, Any]:
    return {**ENTRY, **changes}


def test_entries_are_read_and_written() -> None:
    entries = [entry(operation="Apply", subresource="status"), entry(time="2026-01-01T00:00:00Z")]
    assert encode_managed(decode_managed(entries)) == entries


def test_entries_are_ordered_by_operation_time_and_name() -> None:
    entries = [
        entry(manager="late", time="2026-01-03T00:00:00Z"),
        entry(manager="b", time="2026-01-02T00:00:00Z"),
        entry(manager="a", time="2026-01-02T00:00:00Z"),
        entry(manager="timeless"),
        entry(manager="z", operation="Apply", time="2026-01-09T00:00:00Z"),
    ]
    assert [each["manager"] for each in encode_managed(decode_managed(entries))] == ["z", "timeless", "a", "b", "late"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"operation": "Merge"}, "operation must be `Apply` or `Update`"),
        ({"apiVersion": ""}, "apiVersion must not be empty"),
        ({"fieldsType": ""}, "missing fieldsType in managed fields entry 0"),
        ({"fieldsType": "V9"}, 'invalid fieldsType "V9" in managed fields entry 0'),
    ],
)
def test_malformed_entries(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        decode_managed([entry(**changes)])


@pytest.mark.parametrize(
    ("manager", "text"),
    [
        (Manager("kubectl", "Update", "apps/v1", ""), '"kubectl" using apps/v1'),
        (Manager("k", "Update", "v1", "status"), '"k" with subresource "status" using v1'),
        (Manager("helm", "Apply", "", ""), '"helm"'),
    ],
)
def test_managers_in_messages(manager: Manager, text: str) -> None:
    assert manager.text == text


def test_the_version_tells_updaters_apart_but_not_appliers() -> None:
    versions = [{"apiVersion": "apps/v1"}, {"apiVersion": "apps/v2"}]
    assert len(decode_managed([entry(**each) for each in versions])) == 2
    assert len(decode_managed([entry(**each, operation="Apply") for each in versions])) == 1


def test_ten_updaters_are_kept_as_they_are() -> None:
    managed = decode_managed([entry(manager=f"m{number}") for number in range(10)])
    assert cap_updates(managed) == managed


def test_times_stay_where_nothing_else_changed() -> None:
    live = {"data": {"a": "b"}, "metadata": {"managedFields": [entry(time="2026-01-01T00:00:00Z")]}}
    later = {"data": {"a": "b"}, "metadata": {"managedFields": [entry(time="2026-01-02T00:00:00Z")]}}
    assert keep_times(live, later) == live
    changed = {**later, "data": {"a": "c"}}
    assert keep_times(live, changed) == changed


def test_one_that_becomes_true_is_a_change() -> None:
    live = {"spec": {"x": 1}, "metadata": {"managedFields": [entry(time="2026-01-01T00:00:00Z")]}}
    later = {"spec": {"x": True}, "metadata": {"managedFields": [entry(time="2026-01-02T00:00:00Z")]}}
    assert keep_times(live, later)["metadata"] == later["metadata"]
