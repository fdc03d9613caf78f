from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from clients.kubernetes.pipelines import check_health, read_install_config, read_version, wait_for_ui_address
from environment.errors import KubernetesError, TransientKubernetesError

CONFIG_MAPS = "/api/v1/namespaces/ml/configmaps"
HEALTH = "/api/v1/namespaces/ml/services/ml-pipeline:8888/proxy/apis/v2beta1/healthz"


def config(created: str = "", **data: str) -> dict[str, Any]:
    created = created or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    metadata = {"name": "inverse-proxy-config", "namespace": "ml", "resourceVersion": "4", "creationTimestamp": created}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def listing(*items: dict[str, Any]) -> tuple[int, Any]:
    return 200, {"metadata": {"resourceVersion": "10"}, "items": list(items)}


@pytest.mark.parametrize(("answer", "version"), [({"data": {"appVersion": "2.14.4"}}, "2.14.4"), ({}, "")])
def test_version_is_what_the_installation_says(script, answer, version):
    kinds = [{"name": "configmaps", "kind": "ConfigMap", "namespaced": True}]
    script.on("/api/v1", (200, {"resources": kinds}))
    script.on(f"{CONFIG_MAPS}/pipeline-install-config", (200, answer))
    assert read_version(script.objects(), "ml") == version
    assert read_install_config(script.objects(), "ml") == answer.get("data", {})


def test_address_that_is_registered_is_returned(script):
    script.on(CONFIG_MAPS, listing(config(Hostname="x.example.com")))
    assert wait_for_ui_address(script.objects(), "ml", timeout_seconds=30) == "https://x.example.com"
    assert script.asked[0].query["fieldSelector"] == "metadata.name=inverse-proxy-config"


def test_address_is_waited_for_by_watch(script):
    script.on(CONFIG_MAPS, listing(config()), [{"type": "MODIFIED", "object": config(Hostname="x.example.com")}])
    assert wait_for_ui_address(script.objects(), "ml", timeout_seconds=30) == "https://x.example.com"


@pytest.mark.parametrize("items", [[], [config(created="2026-01-01T00:00:00Z")]])
def test_proxy_that_is_missing_or_never_registered_is_not_waited_for(script, items):
    script.on(CONFIG_MAPS, listing(*items))
    assert wait_for_ui_address(script.objects(), "ml", timeout_seconds=300) is None
    assert len(script.asked) == 1


def test_time_that_is_up_is_no_failure(script):
    script.on(CONFIG_MAPS, listing(config()))
    assert wait_for_ui_address(script.objects(), "ml", timeout_seconds=0) is None


def test_health_is_asked_through_the_api_server(script):
    script.on(HEALTH, (200, {"multi_user": False}))
    check_health(script.objects(), "ml")
    assert script.paths() == [HEALTH]


def test_api_without_endpoints_may_heal(script):
    script.on(
        HEALTH, (503, {"reason": "ServiceUnavailable", "message": 'no endpoints available for "ml-pipeline:8888"'})
    )
    with pytest.raises(TransientKubernetesError, match=r"no endpoints available.*port 8888"):
        check_health(script.objects(), "ml")


def test_another_service_is_not_taken_for_healthy(script):
    script.on(HEALTH, (200, b"<html>welcome"))
    with pytest.raises(KubernetesError, match="is this Kubeflow Pipelines"):
        check_health(script.objects(), "ml")
