"""What drift looks like to people: lines of a terminal, rows of a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from environment.changes import text_of
from environment.drift import Drift, DriftReport, describe_drift


def drift_table(found: Iterable[Drift]) -> list[dict[str, str]]:
    """Return a row for each attribute that is not as expected, one for each thing that is missing or too much."""
    return [row for drift in found for row in _rows(drift)]


def drift_lines(report: DriftReport) -> list[str]:
    """Return the report line by line."""
    lines = [f"{report.environment} ({report.project_id}): {describe_drift(report.found).lower()}"]
    for drift in report.found:
        lines.append(f"  {drift.layer}: {drift} ({drift.kind}{_remarks(drift)})")
        lines += [f"    {field}" for field in drift.fields]
    if report.ignored:
        lines.append(f"  {len(report.ignored)} ignored: {', '.join(sorted({one.note for one in report.ignored}))}")
    return lines


def _remarks(drift: Drift) -> str:
    remarks = [f"by {', '.join(drift.by)}"] if drift.by else []
    remarks += [] if drift.is_undone else ["create leaves it"]
    remarks += [drift.note] if drift.note else []
    return "".join(f"; {remark}" for remark in remarks)


def _rows(drift: Drift) -> Iterator[dict[str, str]]:
    common = {"layer": drift.layer, "class": drift.kind, "condition": drift.condition, "address": drift.address}
    by = ", ".join(drift.by)
    if not drift.fields:
        yield {**common, "attribute": "", "expected": "", "actual": "", "by": by, "note": drift.note}
    for field in drift.fields:
        values = {"expected": text_of(field.expected), "actual": text_of(field.actual)}
        yield {**common, "attribute": field.path, **values, "by": by, "note": drift.note}
