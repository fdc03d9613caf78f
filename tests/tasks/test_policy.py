from __future__ import annotations

import pytest

from environment.errors import (
    GoogleApiError,
    PermissionDeniedError,
    ServiceDisabledError,
    StateLockedError,
    TerraformError,
    TerraformServiceDisabledError,
    TransientGoogleApiError,
    TransientTerraformError,
    UnreachableError,
)
from tasks.policy import (
    DELAYS_SECONDS,
    TRIES_WHEN_TRANSIENT,
    TRIES_WHEN_UNREACHABLE,
    allowed_tries,
)

ALL = len(DELAYS_SECONDS) + 1


@pytest.mark.parametrize(
    ("error", "tries"),
    [
        (ServiceDisabledError("off"), ALL),
        (TerraformServiceDisabledError("off", address="a.b"), ALL),
        (UnreachableError("away"), TRIES_WHEN_UNREACHABLE),
        (TransientGoogleApiError("later"), TRIES_WHEN_TRANSIENT),
        (TransientTerraformError("later"), TRIES_WHEN_TRANSIENT),
        (TerraformError("no"), 1),
        (StateLockedError("locked"), 1),
        (PermissionDeniedError("no"), 1),
        (GoogleApiError("no"), 1),
        (KeyError("a bug"), 1),
        (None, 1),
    ],
)
def test_only_what_heals_is_tried_again(error: BaseException | None, tries: int) -> None:
    assert allowed_tries(error) == tries


def test_an_api_that_is_off_is_waited_for_about_five_minutes() -> None:
    assert 270 <= sum(DELAYS_SECONDS) <= 330
