"""A flow started without our command, as by a Prefect worker, talks to no other cloud than its spec names."""

from __future__ import annotations

import pytest

from environment.errors import SpecError


@pytest.mark.parametrize("flow_name", ["create_environment", "enable_services", "provision_infra", "deploy_kfp"])
def test_a_google_spec_is_refused_on_the_sandbox(cloud, flow_name: str) -> None:
    from importlib import import_module

    flow = getattr(import_module(f"flows.{flow_name}"), flow_name)
    before = cloud.last_call()
    with pytest.raises(SpecError, match="points elsewhere"):
        flow("dev")
    assert cloud.calls_since(before) == []
