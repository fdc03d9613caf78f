from __future__ import annotations

from typing import Any

import pytest

from environment.drift import OUTSIDE, Drift, DriftReport
from environment.drift_texts import drift_description, drift_lines, drift_table

POOL = "module.cluster.google_container_node_pool.this"
CHANGED = Drift.model_validate(
    {
        "layer": "infrastructure",
        "kind": OUTSIDE,
        "condition": "changed",
        "address": POOL,
        "fields": [{"path": "max", "expected": 5, "actual": 9}, {"path": "min", "expected": 1, "actual": 2}],
        "by": ("ann",),
    }
)
MISSING = Drift(
    layer="pipelines", kind=OUTSIDE, condition="missing", address="Service a/b", note="rule until 2026-01-31"
)


def report(**more: Any) -> DriftReport:
    return DriftReport.model_validate(
        {"environment": "dev", "project_id": "acme-dev", "checked_at": "T", "found": (), **more}
    )


def test_the_table_has_a_row_for_each_field_and_begins_with_what_matters() -> None:
    rows = drift_table((CHANGED, MISSING))
    assert [list(row.values())[:6] for row in rows] == [
        [POOL, "changed", "max", "5", "9", "ann"],
        [POOL, "changed", "min", "1", "2", "ann"],
        ["Service a/b", "missing", "", "", "", ""],
    ]
    assert {tuple(row) for row in rows} == {tuple(rows[0])}, "Prefect's UI shows the columns of the first row"
    assert (rows[2]["class"], rows[2]["note"], rows[2]["layer"]) == (OUTSIDE, "rule until 2026-01-31", "pipelines")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({}, "All is as expected"),
        ({"found": (CHANGED,)}, "What is not as expected"),
        (
            {"ignored": (MISSING,), "warnings": ("pipelines: not compared, since the cluster is gone",)},
            "All is as expected. 1 ignored: rule until 2026-01-31. pipelines: not compared, since the cluster is gone",
        ),
    ],
)
def test_an_empty_table_says_what_it_is_empty_of(found: dict[str, Any], expected: str) -> None:
    assert drift_description(report(**found)) == expected


def test_lines_name_what_who_and_what_was_ignored() -> None:
    assert drift_lines(report(found=(CHANGED,), ignored=(MISSING,))) == [
        "dev (acme-dev): 1 changed outside",
        f"  infrastructure: changed {POOL} (changed outside; by ann)",
        "    max: expected 5, is 9",
        "    min: expected 1, is 2",
        "  1 ignored: rule until 2026-01-31",
    ]
