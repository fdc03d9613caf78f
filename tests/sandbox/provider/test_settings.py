"""The provider block and the environment variables that complete it."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.provider.errors import ConfigurationError
from sandbox.provider.settings import read_settings, seconds

ADDRESS = "http://127.0.0.1:1/compute/v1/"


def test_the_block_wins_over_the_environment() -> None:
    environment = {"GOOGLE_PROJECT": "from-env", "GOOGLE_REGION": "r", "GOOGLE_COMPUTE_CUSTOM_ENDPOINT": ADDRESS}
    settings = read_settings({"project": "from-block"}, environment)
    assert (settings.project, settings.region) == ("from-block", "r")
    assert settings.endpoint("compute") == ADDRESS


def test_a_zone_tells_its_region() -> None:
    settings = read_settings({"zone": "us-central1-a"}, {})
    assert settings.default("region") == "us-central1"


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ({}, 0.2),
        ({"batching": [{"send_after": "50ms"}]}, 0.05),
        ({"batching": [{"send_after": "3s"}]}, 0.2),
        ({"batching": [{"enable_batching": False}]}, 0.0),
    ],
)
def test_batches_wait_briefly(block: dict[str, Any], expected: float) -> None:
    assert read_settings(block, {}).batch_seconds == expected


def test_an_address_without_a_version_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="compute_custom_endpoint"):
        read_settings({"compute_custom_endpoint": "http://127.0.0.1:1"}, {})


@pytest.mark.parametrize(("text", "expected"), [("30s", 30), ("1h30m", 5400), ("200ms", 0.2)])
def test_durations(text: str, expected: float) -> None:
    assert seconds(text) == expected


def test_what_is_no_duration_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="is not a duration"):
        seconds("soon")
