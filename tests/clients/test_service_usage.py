from __future__ import annotations

import pytest

from clients.addresses import Addresses
from clients.service_usage import ServiceUsage
from environment.errors import GoogleApiError, ServiceDisabledError, TransientError
from environment.services import PROBES

PROJECT = "acme-service-usage"
COMPUTE = "compute.googleapis.com"


@pytest.fixture
def usage(sandbox):
    yield ServiceUsage(Addresses.from_environment(sandbox.variables), PROJECT)
    sandbox.control("DELETE", "faults")


def test_enabling_what_is_on_already_is_fine(usage) -> None:
    usage.enable((COMPUTE,))
    usage.enable((COMPUTE,))
    usage.enable((COMPUTE, "storage.googleapis.com"))
    assert COMPUTE in usage.list_enabled()


def test_an_operation_that_does_not_end_is_said_and_not_tried_again(sandbox, usage) -> None:
    sandbox.control("POST", "latency", {"profile": "realistic", "speedup": 1})
    try:
        enabled: list[str] = []
        with pytest.raises(GoogleApiError, match=r"enable run\.googleapis\.com: .* did not end in 0\.1 s") as late:
            usage.enable(("run.googleapis.com",), timeout_seconds=0.1, on_enabled=lambda: enabled.append("run"))
        assert enabled == ["run"]
    finally:
        sandbox.control("POST", "latency", {"profile": "none"})
    assert not isinstance(late.value, TransientError)


@pytest.mark.parametrize(("method", "path", "told"), [("POST", ":batchEnable", 0), ("GET", "/operations/", 1)])
def test_what_has_begun_is_told_though_its_end_cannot_be_seen(sandbox, method: str, path: str, told: int) -> None:
    usage = ServiceUsage(Addresses.from_environment(sandbox.variables), f"acme-unseen-{told}")
    enabled: list[str] = []
    sandbox.control("POST", "latency", {"profile": "realistic", "speedup": 20})
    sandbox.control("POST", "faults", {"method": method, "path": f"serviceusage.*{path}", "status": 403, "times": 0})
    try:
        with pytest.raises(GoogleApiError):
            usage.enable(("notebooks.googleapis.com",), on_enabled=lambda: enabled.append("notebooks"))
    finally:
        sandbox.control("DELETE", "faults")
        sandbox.control("POST", "latency", {"profile": "none"})
    assert len(enabled) == told


def test_service_usage_that_is_off_is_not_waited_for(sandbox, usage) -> None:
    said = "Service Usage API has not been used in project 1 before or it is disabled. Enable it by visiting x"
    fault = {"path": "serviceusage.*/services", "status": 403, "reason": "accessNotConfigured", "message": said}
    sandbox.control("POST", "faults", fault)
    with pytest.raises(GoogleApiError, match=f"gcloud services enable serviceusage.*--project {PROJECT}") as off:
        usage.list_enabled()
    assert not isinstance(off.value, TransientError)


@pytest.mark.parametrize("service", sorted(PROBES))
def test_a_probe_sees_an_api_that_is_off_and_one_that_is_on(sandbox, service: str) -> None:
    usage = ServiceUsage(Addresses.from_environment(sandbox.variables), f"acme-probe-{service.partition('.')[0]}")
    if service not in usage.list_enabled():
        with pytest.raises(ServiceDisabledError):
            usage.probe(service, "us-central1")
        usage.enable((service,))
    usage.probe(service, "us-central1")


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_refused_probe_is_an_answer(sandbox, usage, status: int) -> None:
    message = "Access Denied: Project acme: User does not have bigquery.datasets.list permission"
    sandbox.control("POST", "faults", {"path": "bigquery", "status": status, "message": message})
    before = sandbox.last_call()
    usage.probe("bigquery.googleapis.com", "us-central1")
    assert [call["status"] for call in sandbox.calls_since(before) if "bigquery" in call["path"]] == [status]


def test_a_probe_without_an_answer_is_tried_again(sandbox, usage) -> None:
    sandbox.control("POST", "faults", {"path": "bigquery", "status": 503})
    with pytest.raises(TransientError):
        usage.probe("bigquery.googleapis.com", "us-central1")
