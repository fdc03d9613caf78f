"""What drift detection keeps beside the state: the last report, and since when this very set of drift is known.

Whoever listens is told once: when the set changes, not each night that it lasts.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationError

from environment.drift import DriftReport

DRIFT_OBJECT = "drift.json"
DETECTED = "mlops-env.drift.detected"
RESOLVED = "mlops-env.drift.resolved"


class DriftNotes(BaseModel):
    """The content of `drift.json`; `since` is when this set was first found."""

    model_config = ConfigDict(frozen=True)

    since: str
    report: DriftReport

    @classmethod
    def read(cls, text: str | None) -> DriftNotes | None:
        """Type what was kept; what another release wrote in another shape counts as none."""
        try:
            return None if text is None else cls.model_validate_json(text)
        except ValidationError:
            return None


def note(report: DriftReport, kept: DriftNotes | None) -> tuple[DriftNotes, str]:
    """Return what to keep, and the event to send: empty where the set is the one that is known."""
    before = kept.report.digest if kept else ""
    if kept and before == report.digest:
        return DriftNotes(since=kept.since, report=report), ""
    event = "" if before == report.digest else DETECTED if report.digest else RESOLVED
    return DriftNotes(since=report.checked_at, report=report), event
