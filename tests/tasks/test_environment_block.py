"""Specs on a Prefect server, where there is none; the rest is in tests/flows/test_registration.py, which has one."""

from __future__ import annotations

import pytest

from environment.errors import SpecError, UnreachableError
from tasks.spec import read_spec


def test_without_a_server_it_says_what_is_missing() -> None:
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with (
        temporary_settings({PREFECT_API_URL: None}),
        pytest.raises(SpecError, match=r"block:dev: no Prefect server is named.*set PREFECT_API_URL"),
    ):
        read_spec("block:dev")


def test_a_server_that_does_not_answer_is_said() -> None:
    from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

    with (
        temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api", PREFECT_CLIENT_MAX_RETRIES: 0}),
        pytest.raises(UnreachableError, match=r"block:dev: http://127\.0\.0\.1:9/api does not answer"),
    ):
        read_spec("block:dev")
