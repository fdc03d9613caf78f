"""A spec whose project is answered for by the test itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from environment.spec import Environment

PROJECT = "acme-preflight"


@pytest.fixture
def dev() -> Callable[..., Environment]:
    """Returns the spec of dev, which is not made yet, with other fields."""
    spec = {"name": "dev", "role": "dev", "project_id": PROJECT, "region": "us-central1", "name_prefix": "pre"}
    state = {"bucket": "acme-preflight-tfstate"}

    def make(**fields: Any) -> Environment:
        return Environment.model_validate({**spec, "state": state, **fields})

    return make
