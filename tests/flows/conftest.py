"""One Prefect server for all flows of a test process, and the sandbox's variables in this process."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def prefect_server(_private_folders: None) -> Iterator[None]:
    """Start Prefect's test server; flows of this process report to it."""
    os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"
    os.environ["PREFECT_SERVER_REGISTER_BLOCKS_ON_START"] = "false"
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=180):
        yield


@pytest.fixture
def cloud(sandbox, prefect_server, monkeypatch):
    """Point this process at the sandbox; return it."""
    for name, value in sandbox.variables.items():
        monkeypatch.setenv(name, value)
    return sandbox
