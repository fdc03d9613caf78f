"""The sandbox's variables in this process, for flows that run in it."""

from __future__ import annotations

import pytest


@pytest.fixture
def cloud(sandbox, prefect_server, monkeypatch):
    """Point this process at the sandbox; return it."""
    for name, value in sandbox.variables.items():
        monkeypatch.setenv(name, value)
    return sandbox
