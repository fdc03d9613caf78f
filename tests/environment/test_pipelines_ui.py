from __future__ import annotations

from datetime import UTC, datetime

import pytest

from environment.pipelines_ui import age_seconds, ui_address, without_address


@pytest.mark.parametrize(
    ("config", "address"),
    [
        ({}, None),
        ({"data": None}, None),
        ({"data": {"Hostname": ""}}, None),
        (
            {"data": {"Hostname": "x-dot-us.pipelines.googleusercontent.com"}},
            "https://x-dot-us.pipelines.googleusercontent.com",
        ),
    ],
)
def test_address_is_the_registered_host(config, address):
    assert ui_address(config) == address


def test_age_counts_from_the_object_itself():
    thing = {"metadata": {"creationTimestamp": "2026-01-01T00:00:00Z"}}
    assert age_seconds(thing, datetime(2026, 1, 1, 0, 5, tzinfo=UTC)) == 300


def test_without_an_address_the_namespace_is_in_the_command():
    assert "kubectl port-forward --namespace ml service/ml-pipeline-ui 8080:80" in without_address("ml")
