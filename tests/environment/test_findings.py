"""All findings are told at once, each with its fix; none is no reason to stop."""

from __future__ import annotations

import pytest

from environment.errors import PreflightError
from environment.findings import Finding, refuse

RANGE = Finding(check="secondary-ranges", subject="network vpc", problem="it has no range pods", fix="gcloud one")
ACCESS = Finding(check="uniform-access", subject="bucket b", problem="it has access lists", fix="gcloud other")


def test_none_is_no_reason_to_stop() -> None:
    refuse(())


@pytest.mark.parametrize(("findings", "count"), [((RANGE,), "1 finding "), ((RANGE, ACCESS), "2 findings ")])
def test_every_finding_is_named_with_its_fix(findings: tuple[Finding, ...], count: str) -> None:
    with pytest.raises(PreflightError) as error:
        refuse(findings)
    assert error.value.message.startswith(count)
    assert all(f"{one.subject}: {one.problem} (fix: {one.fix})" in error.value.message for one in findings)
    assert "\n" not in str(error.value)


def test_what_stops_no_create_stops_none_and_what_was_enabled_before_is_said() -> None:
    only_destroy = ACCESS.model_copy(update={"stops_create": False})
    refuse((only_destroy,))
    with pytest.raises(PreflightError) as error:
        refuse((RANGE, only_destroy))
    assert error.value.message.startswith("1 finding before any change: ")
    assert error.value.hint == "nothing was changed"
    with pytest.raises(PreflightError) as error:
        refuse((RANGE,), has_enabled=True)
    assert "before any change" not in error.value.message
    assert error.value.hint == "nothing was changed but the APIs that were enabled"
