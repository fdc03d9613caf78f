from __future__ import annotations

import importlib
import pkgutil

import pytest
from prefect import Task
from prefect.cache_policies import NO_CACHE

import tasks
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


def test_no_task_is_given_what_an_earlier_try_has_observed() -> None:
    modules = [importlib.import_module(f"tasks.{one.name}") for one in pkgutil.iter_modules(tasks.__path__)]
    found = {one.name: one for module in modules for one in vars(module).values() if isinstance(one, Task)}
    assert len(found) > 30
    assert [name for name, one in found.items() if one.cache_policy is not NO_CACHE] == []
