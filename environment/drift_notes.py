"""What drift detection keeps beside the state: the last report, and since when this very set of drift is known.

Whoever listens is told once: when the set changes, not each night that it lasts. A look whose events reach nobody, as
one from a terminal without a Prefect server, tells nothing and leaves it to the next.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationError

from environment.drift import DriftReport

DRIFT_OBJECT = "drift.json"
DETECTED = "mlops-env.drift.detected"
RESOLVED = "mlops-env.drift.resolved"


class DriftNotes(BaseModel):
    """The content of `drift.json`.

    Attributes:
        since: When this set was first found.
        told: The digest that the last event told of; notes without it are of a release that told each.
    """

    model_config = ConfigDict(frozen=True)

    since: str
    report: DriftReport
    told: str | None = None

    @classmethod
    def read(cls, text: str | None) -> DriftNotes | None:
        """Type what was kept; what another release wrote in another shape counts as none."""
        try:
            return None if text is None else cls.model_validate_json(text)
        except ValidationError:
            return None


def note(report: DriftReport, kept: DriftNotes | None, *, is_heard: bool = True) -> tuple[DriftNotes, str]:
    """Return what to keep, and the event to send: empty where the set is the one that was told.

    Args:
        report: What was found.
        kept: What the last look has kept.
        is_heard: Whether an event of this look would reach anybody.
    """
    since = kept.since if kept and kept.report.digest == report.digest else report.checked_at
    told = _told(kept)
    if told == report.digest or not is_heard:
        return DriftNotes(since=since, report=report, told=told), ""
    event = DETECTED if report.digest else RESOLVED
    return DriftNotes(since=since, report=report, told=report.digest), event


def _told(kept: DriftNotes | None) -> str:
    if kept is None:
        return ""
    return kept.report.digest if kept.told is None else kept.told
