from __future__ import annotations

from typing import Any

import pytest

from environment.drift import OUTSIDE, PENDING, Drift, DriftReport, describe_drift, drift_digest, service_drift

POOL = "module.cluster.google_container_node_pool.this"


@pytest.mark.parametrize(
    ("was_enabled", "kind"), [(("a.googleapis.com", "b.googleapis.com"), OUTSIDE), (("a.googleapis.com",), PENDING)]
)
def test_service_that_is_off_was_on_before_or_is_new_in_the_spec(was_enabled, kind):
    found, warnings = service_drift(("a.googleapis.com", "b.googleapis.com"), ("a.googleapis.com",), was_enabled)
    assert [(one.kind, one.address) for one in found] == [(kind, "b.googleapis.com")]
    assert warnings == ()


def test_retired_service_that_was_given_up_is_no_drift():
    found, warnings = service_drift(("ml.googleapis.com",), (), ("a.googleapis.com",))
    assert found == ()
    assert len(warnings) == 1


def drift(path: str = "max", actual: int = 9, **more: Any) -> Drift:
    return Drift.model_validate(
        {
            "layer": "infrastructure",
            "kind": OUTSIDE,
            "condition": "changed",
            "address": POOL,
            "fields": [{"path": path, "expected": 5, "actual": actual}],
            **more,
        }
    )


def report(*found: Drift) -> DriftReport:
    return DriftReport(
        environment="dev", project_id="acme-dev", checked_at="T2", found=found, digest=drift_digest(found)
    )


def test_digest_is_of_the_set_and_not_of_who_or_when():
    one, other = drift(), drift("min")
    assert drift_digest([one, other]) == drift_digest([other, one.model_copy(update={"by": ("somebody at T",)})])
    assert drift_digest([one]) != drift_digest([drift(actual=10)])
    assert drift_digest([]) == ""


def test_drifted_layers_are_those_that_create_puts_back():
    pending = drift(kind=PENDING, layer="services", fields=())
    left = drift(layer="pipelines", is_undone=False)
    found = report(drift(), pending, left)
    assert found.layers == ("infrastructure",)
    assert describe_drift(found.found) == "2 changed outside, 1 pending change"
    assert describe_drift(()) == "In sync"
