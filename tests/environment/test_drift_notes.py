from __future__ import annotations

import pytest

from environment.drift import OUTSIDE, Drift, DriftReport, drift_digest
from environment.drift_notes import DETECTED, RESOLVED, DriftNotes, note


def drift(path: str = "max") -> Drift:
    return Drift.model_validate(
        {
            "layer": "infrastructure",
            "kind": OUTSIDE,
            "condition": "changed",
            "address": "module.cluster.google_container_node_pool.this",
            "fields": [{"path": path, "expected": 5, "actual": 9}],
        }
    )


def report(*found: Drift, at: str = "T2") -> DriftReport:
    return DriftReport(environment="dev", project_id="acme-dev", checked_at=at, found=found, digest=drift_digest(found))


@pytest.mark.parametrize(
    ("before", "now", "event"),
    [
        (None, (), ""),
        (None, (drift(),), DETECTED),
        ((drift(),), (drift(),), ""),
        ((drift(),), (drift("min"),), DETECTED),
        ((drift(),), (), RESOLVED),
        ((), (), ""),
    ],
)
def test_event_is_sent_when_the_set_changes(before, now, event):
    kept = None if before is None else DriftNotes(since="T1", report=report(*before))
    notes, sent = note(report(*now), kept)
    assert sent == event
    is_known = kept is not None and kept.report.digest == notes.report.digest
    assert notes.since == ("T1" if is_known else "T2")
    assert DriftNotes.read(notes.model_dump_json()) == notes


@pytest.mark.parametrize("text", [None, "{}", '{"since": 3}'])
def test_notes_of_another_shape_count_as_none(text):
    assert DriftNotes.read(text) is None


def test_five_nights_of_the_same_drift_are_one_event_and_their_end_is_one():
    kept, events = None, []
    for night, found in enumerate([(drift(),)] * 5 + [()] * 2):
        kept, event = note(report(*found, at=str(night)), kept)
        events.append(event)
    assert events == [DETECTED, "", "", "", "", RESOLVED, ""]


def test_look_that_nobody_hears_leaves_the_event_to_the_next():
    kept, events = None, []
    nights = [((drift(),), False), ((drift(),), True), ((), False), ((drift(),), False), ((), True)]
    for night, (found, is_heard) in enumerate(nights):
        kept, event = note(report(*found, at=str(night)), kept, is_heard=is_heard)
        events.append(event)
    assert events == ["", DETECTED, "", "", RESOLVED]


def test_notes_that_do_not_say_what_was_told_told_all():
    kept = DriftNotes(since="T1", report=report(drift()))
    assert note(report(drift()), kept)[1] == ""
    assert note(report(), kept)[1] == RESOLVED
