"""Entries of the history: their names, what is read back, what people see."""

from __future__ import annotations

import pytest

from environment.history import HistoryEntry, describe_entry, parse_entry

ENTRY = HistoryEntry(
    environment="dev",
    project_id="acme-dev",
    action="create",
    run="create-dev",
    run_id="0000-1",
    who="ada@example.com",
    began_at="2026-03-01T10:00:00.098+00:00",
    finished_at="2026-03-01T10:20:00+00:00",
    spec_digest="abc",
    outcome="succeeded",
    changes=("enable a", "create b"),
    versions={"mlops-env": "1.2.3", "pipelines": "2.14.4"},
)


def test_names_are_in_the_order_of_time() -> None:
    later = ENTRY.model_copy(update={"began_at": "2026-03-01T10:00:00.123+00:00", "run_id": "0000-0"})
    assert ENTRY.object_name == "history/20260301T100000098Z-0000-1.json"
    assert ENTRY.object_name < later.object_name


@pytest.mark.parametrize(
    ("text", "expected"),
    [(ENTRY.model_dump_json(), ENTRY), ("{}", None), ("not JSON", None)],
)
def test_what_is_read_back(text: str, expected: HistoryEntry | None) -> None:
    assert parse_entry(text) == expected


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        ({}, "create succeeded, 2 changes by ada@example.com (mlops-env 1.2.3)"),
        ({"who": None, "changes": ("enable a",)}, "create succeeded, 1 change (mlops-env 1.2.3)"),
        (
            {"outcome": "failed", "error": "no capacity", "changes": ()},
            "create failed, 0 changes by ada@example.com (mlops-env 1.2.3): no capacity",
        ),
        (
            {"outcome": "unfinished", "finished_at": None},
            "create unfinished, 2 changes or more (still under way, or killed) by ada@example.com (mlops-env 1.2.3)",
        ),
    ],
)
def test_what_people_see(update: dict[str, object], expected: str) -> None:
    assert describe_entry(ENTRY.model_copy(update=update)) == expected
