"""The zones that a cluster's nodes are in."""

from __future__ import annotations

import pytest

from sandbox.clusters.controller.nodes import zones_of


@pytest.mark.parametrize(
    ("location", "zones"),
    [
        ("us-central1-c", ["us-central1-c"]),
        ("us-central1", ["us-central1-a", "us-central1-b", "us-central1-c"]),
        ("europe-west1", ["europe-west1-b", "europe-west1-c", "europe-west1-d"]),
    ],
)
def test_zones(location: str, zones: list[str]) -> None:
    assert zones_of(location) == zones
