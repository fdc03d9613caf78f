"""What drift looks like to people: lines of a terminal, rows of a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from environment.changes import text_of
from environment.drift import Drift, DriftReport, describe_drift


def drift_table(found: Iterable[Drift]) -> list[dict[str, str]]:
    """Return a row for each attribute that is not as expected, one for each thing that is missing or too much."""
    return [row for drift in found for row in _rows(drift)]


def drift_description(report: DriftReport) -> str:
    """Return what stands above the table: what could not be looked at, too, since an empty table says nothing of it."""
    head = "What is not as expected" if report.found else "All is as expected"
    ignored = [_ignored(report)] if report.ignored else []
    return ". ".join((head, *ignored, *report.warnings))


def drift_lines(report: DriftReport) -> list[str]:
    """Return the report line by line."""
    lines = [f"{report.environment} ({report.project_id}): {describe_drift(report.found).lower()}"]
    for drift in report.found:
        lines.append(f"  {drift.layer}: {drift} ({drift.kind}{_remarks(drift)})")
        lines += [f"    {field}" for field in drift.fields]
    if report.ignored:
        lines.append(f"  {_ignored(report)}")
    return lines


def _ignored(report: DriftReport) -> str:
    return f"{len(report.ignored)} ignored: {', '.join(sorted({one.note for one in report.ignored}))}"


def _remarks(drift: Drift) -> str:
    remarks = [f"by {', '.join(drift.by)}"] if drift.by else []
    remarks += [] if drift.is_undone else ["create leaves it"]
    remarks += [drift.note] if drift.note else []
    return "".join(f"; {remark}" for remark in remarks)


def _rows(drift: Drift) -> Iterator[dict[str, str]]:
    # What matters most is on the left, since a narrow window shows only that.
    left = {"address": drift.address, "condition": drift.condition}
    right = {"by": ", ".join(drift.by), "class": drift.kind, "note": drift.note, "layer": drift.layer}
    if not drift.fields:
        yield {**left, "attribute": "", "expected": "", "actual": "", **right}
    for field in drift.fields:
        values = {"expected": text_of(field.expected), "actual": text_of(field.actual)}
        yield {**left, "attribute": field.path, **values, **right}
