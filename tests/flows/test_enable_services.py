"""Step 1 alone, while Google is slow to know, busy, or says no."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clients import credentials
from environment.errors import GoogleApiError, PermissionDeniedError, SpecError
from environment.spec_file import load_environment

pytestmark = pytest.mark.told_all

SPEC = """\
name: {name}
cloud: sandbox
role: dev
project_id: acme-{name}-project
region: us-central1
zone: us-central1-a
name_prefix: {name}
state: {{bucket: acme-{name}-tfstate}}
"""
SERVICES = "serviceusage.googleapis.com/v1/projects/"
RECORD: dict[str, Any] = {
    "spec_digest": "",
    "tool_version": "",
    "infrastructure": {
        "network": {"name": "n", "subnetwork": "s"},
        "cluster": {"name": "c", "location": "l", "endpoint": "1.2.3.4", "workload_pool": "p"},
        "database": {"instance": "d", "connection_name": "p:r:d", "version": "MYSQL_8_0"},
        "artifact_store": {"bucket": "b", "url": "gs://b"},
        "service_accounts": {"node": "n@x", "system": "s@x", "user": "u@x"},
    },
    "pipelines": {"version": "", "namespace": "", "source": "", "commit": "", "digest": "", "url": None},
    "finished_at": "",
}
BUSY = "Another activation or deactivation is in progress for the service(s) of project"


@pytest.fixture
def spec(tmp_path: Path, request: pytest.FixtureRequest, cloud) -> Iterator[str]:
    """A spec with a project of its own for each test."""
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC.format(name=f"s{abs(hash(request.node.name)) % 10**6}"))
    yield str(path)
    cloud.control("DELETE", "faults")
    cloud.control("POST", "spread", {"seconds": 0})


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What tasks log."""
    import flows.enable_services  # noqa: F401  Prefect sets up logging when it is imported

    found: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: found.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("prefect.task_runs")
    logger.addHandler(handler)
    yield found
    logger.removeHandler(handler)


def calls(cloud: Any, before: int, suffix: str) -> list[int]:
    """Return the statuses of the calls to a path that ends so."""
    return [call["status"] for call in cloud.calls_since(before) if call["path"].endswith(suffix)]


def test_an_api_that_is_slow_to_know_it_is_on_is_waited_for(cloud, spec, lines) -> None:
    from flows.enable_services import enable_services

    cloud.control("POST", "spread", {"seconds": 2})
    state = enable_services(spec, return_state=True)
    assert state.is_completed()
    answered = [line for line in lines if line.startswith("container.googleapis.com answers ")]
    assert len(answered) == 1
    assert int(answered[0].split()[2]) >= 2
    assert "s after it was enabled" in answered[0]


def test_many_are_enabled_in_batches_and_a_busy_project_is_waited_for(cloud, spec, monkeypatch) -> None:
    import flows.enable_services as module
    from environment.services import RETIRED
    from sandbox.services.serviceusage.known import KNOWN

    wanted = tuple(sorted(KNOWN - set(RETIRED)))[:45]
    monkeypatch.setattr(module, "missing_services", lambda *_: wanted)
    cloud.control("POST", "faults", {"path": "batchEnable", "status": 400, "message": BUSY, "times": 2})
    before = cloud.last_call()
    state = module.enable_services(spec, return_state=True)
    assert state.is_completed()
    assert set(state.result().changed) == set(wanted)
    assert sorted(calls(cloud, before, ":batchEnable")) == [200, 200, 200, 400, 400]


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 429}, {"reset": True}])
def test_what_heals_is_tried_again(cloud, spec, fault: dict[str, Any]) -> None:
    from flows.enable_services import enable_services

    cloud.control("POST", "faults", {"path": SERVICES, "method": "GET", **fault})
    assert enable_services(spec, return_state=True).is_completed()


def test_a_full_quota_is_asked_for_once(cloud, spec) -> None:
    from flows.enable_services import enable_services

    message = "Quota exceeded for quota metric 'Mutate requests' of service 'serviceusage.googleapis.com'"
    fault = {"path": "batchEnable", "status": 403, "reason": "quotaExceeded", "message": message, "times": 0}
    cloud.control("POST", "faults", fault)
    before = cloud.last_call()
    with pytest.raises(GoogleApiError, match="ask for a higher quota") as failure:
        enable_services(spec)
    assert not isinstance(failure.value, PermissionDeniedError)
    assert calls(cloud, before, ":batchEnable") == [403]


def test_a_refusal_names_permission_and_principal_and_is_the_run_s_last_word(cloud, spec) -> None:
    from flows.enable_services import enable_services

    message = "Permission 'serviceusage.services.list' denied on resource 'projects/acme' (or it may not exist)."
    cloud.control("POST", "faults", {"path": SERVICES, "status": 403, "message": message, "times": 0})
    before = cloud.last_call()
    state = enable_services(spec, return_state=True)
    assert state.is_failed()
    assert "grant user@sandbox.localhost a role with serviceusage.services.list" in str(state.message)
    assert isinstance(state.result(raise_on_failure=False), PermissionDeniedError)
    assert calls(cloud, before, "/services") == [403]


def test_retired_services_that_google_refuses_are_done_without(cloud, spec) -> None:
    from environment.services import RETIRED
    from flows.enable_services import enable_services

    message = "Permission denied to enable service [ml.googleapis.com]"
    cloud.control("POST", "faults", {"path": "batchEnable", "status": 403, "message": message, "after": 1, "times": 2})
    before = cloud.last_call()
    report = enable_services(spec)
    assert calls(cloud, before, ":batchEnable") == [200, 403, 403]
    assert len(report.warnings) == len(RETIRED) == 2
    assert not set(RETIRED) & set(report.enabled)


def test_a_retired_api_that_is_tried_in_vain_each_time_costs_a_create_no_look_ahead(cloud, spec) -> None:
    from clients.addresses import Addresses
    from clients.storage import Storage
    from environment.spec_file import load_environment
    from flows.enable_services import enable_services
    from flows.guard import looking_ahead

    message = "Permission denied to enable service [ml.googleapis.com]"
    cloud.control("POST", "faults", {"path": "batchEnable", "status": 403, "message": message, "after": 1, "times": 4})
    environment, report = load_environment(spec), enable_services(spec)
    storage = Storage(Addresses.from_environment(), environment.project_id)
    storage.ensure_bucket(environment.state.bucket, environment.region, {})
    ours = {"environment": environment.name, "project_id": environment.project_id, "services": report.enabled}
    record = {**RECORD, **ours}
    storage.write(environment.state.bucket, f"{environment.state_prefix}/record.json", json.dumps(record))

    before = cloud.last_call()
    with looking_ahead(force_conflicts=False):
        assert enable_services(spec).changed == ()
    assert calls(cloud, before, ":batchEnable") == [403, 403]
    asked = {call["service"] for call in cloud.calls_since(before)}
    assert asked == {"serviceusage.googleapis.com", "storage.googleapis.com"}


def test_what_is_still_off_after_it_was_enabled_is_not_passed_over(cloud, spec, monkeypatch) -> None:
    from flows.enable_services import enable_services
    from tasks import policy

    monkeypatch.setattr(policy, "TRIES_WHEN_TRANSIENT", 2)
    monkeypatch.setattr("tasks.services.ServiceUsage.enable", lambda *_, **__: None)
    before = cloud.last_call()
    with pytest.raises(GoogleApiError, match=r"still off: .*compute\.googleapis\.com"):
        enable_services(spec)
    assert calls(cloud, before, "/services") == [200, 200, 200]  # what is on; then until it is confirmed, or given up


def test_only_what_was_asked_is_said_to_answer(cloud, spec, lines) -> None:
    from environment.services import PROBES
    from flows.enable_services import enable_services

    enable_services(spec)
    answered = {line.partition(" answers ")[0] for line in lines if " answers " in line}
    assert "cloudresourcemanager.googleapis.com" in answered
    assert answered <= set(PROBES)


QUOTED = "-----BEGIN PRIVATE KEY-----\nhidden-part\n"
RUNNER = "runner"


def enabled(spec: str, *overrides: str) -> Any:
    from flows.enable_services import enable_services

    return enable_services(spec, overrides)


@pytest.fixture
def key(cloud, spec) -> Iterator[dict[str, Any]]:
    """The key of an account that may do this step, in the block gcp-credentials/runner."""
    from prefect_gcp import GcpCredentials

    project = load_environment(spec).project_id
    cloud.call("POST", f"{SERVICES}{project}/services/iam.googleapis.com:enable", {})
    accounts = f"iam.googleapis.com/v1/projects/{project}/serviceAccounts"
    email = cloud.call("POST", accounts, {"accountId": RUNNER}).json()["email"]
    made = cloud.call("POST", f"{accounts}/{email}/keys", {}).json()
    cloud.control("POST", "principals", {"project_id": project, "email": email, "roles": ["roles/owner"]})
    key: dict[str, Any] = json.loads(base64.b64decode(made["privateKeyData"]))
    GcpCredentials(service_account_info=key, project=project).save(RUNNER, overwrite=True)
    yield key
    credentials._keys.clear()
    credentials._acted_as.clear()


def test_with_credentials_from_a_block_every_call_is_theirs_and_the_key_is_nowhere_else(
    spec, cloud, key, prefect_keeps
) -> None:
    before = cloud.last_call()
    assert enabled(spec, "credentials=block:runner").changed
    asked = [call for call in cloud.calls_since(before) if call["service"] != "oauth2.googleapis.com"]
    assert {call["principal"] for call in asked} == {key["client_email"]}
    secret = key["private_key"].splitlines()[5].encode()
    kept = prefect_keeps()
    assert secret in kept.pop("/block_documents/filter"), "the search finds what is there"
    assert [place for place, content in kept.items() if secret in content] == []


@pytest.mark.parametrize(
    ("name", "info", "problem"),
    [
        ("nobody", None, "block:nobody: there is no block gcp-credentials/nobody on http"),
        (RUNNER, {"type": "service_account", "private_key": QUOTED}, "credentials: block:runner: no key of a service"),
    ],
)
def test_credentials_that_are_none_stop_it_before_anything(
    spec, cloud, key, name: str, info: dict[str, str] | None, problem: str
) -> None:
    from prefect import get_client
    from prefect.client.schemas.actions import BlockDocumentUpdate

    with get_client(sync_client=True) as client:
        found = client.read_block_document_by_name(RUNNER, "gcp-credentials")
        client.update_block_document(found.id, BlockDocumentUpdate(data={"service_account_info": info or key}))
    before = cloud.last_call()
    with pytest.raises(SpecError, match=problem) as caught:
        enabled(spec, f"credentials=block:{name}")
    assert QUOTED not in str(caught.value)
    assert cloud.calls_since(before) == []
