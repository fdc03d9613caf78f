"""A create that starts later: which layers it changes, and what it wants to find."""

from __future__ import annotations

import pytest

from environment.changes import LAYERS
from environment.errors import PreflightError
from environment.services import RETIRED
from environment.spec_file import load_environment
from environment.steps import Step, layers_from, services_as_left

DEV = load_environment("dev")
RETIRED_HERE = tuple(service for service in DEV.services if service in RETIRED)


@pytest.mark.parametrize(
    ("start_at", "layers"),
    [
        ("enable-services", LAYERS),
        ("provision-infra", ("infrastructure", "pipelines")),
        ("deploy-kfp", ("pipelines",)),
    ],
)
def test_the_layers_of_the_later_steps_are_changed(start_at: Step, layers: tuple[str, ...]) -> None:
    assert layers_from(start_at) == layers


def test_services_are_as_left_when_all_are_on_but_retired_ones() -> None:
    assert RETIRED_HERE
    left = services_as_left(DEV, set(DEV.services) - {RETIRED_HERE[0]})
    assert (RETIRED_HERE[0] in left.enabled, len(left.enabled)) == (False, len(DEV.services) - 1)
    assert left.changed == ()
    assert [RETIRED_HERE[0] in warning for warning in left.warnings] == [True]


@pytest.mark.parametrize(
    ("off", "said"),
    [
        (("iam.googleapis.com",), "iam.googleapis.com is off"),
        (("compute.googleapis.com", "iam.googleapis.com"), "compute.googleapis.com, iam.googleapis.com are off"),
    ],
)
def test_one_that_is_off_is_named(off: tuple[str, ...], said: str) -> None:
    with pytest.raises(PreflightError, match=f"enable-services cannot be skipped: {said}; start at enable-services"):
        services_as_left(DEV, set(DEV.services) - set(off))
