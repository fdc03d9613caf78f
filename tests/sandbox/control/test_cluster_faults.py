"""Faults meet users' calls to a cluster, over TLS as clients see it, and never the cluster's own."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.clusters.manager import Clusters
from sandbox.control.cluster_faults import faulty
from sandbox.kernel.calls import CallLog
from sandbox.kernel.faults import Faults

KEY = "acme/us-central1-a/pipelines"


@pytest.fixture(scope="module")
def faults() -> Faults:
    return Faults()


@pytest.fixture(scope="module")
def log() -> CallLog:
    return CallLog()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, faults: Faults, log: CallLog) -> Iterator[httpx.Client]:
    """A client of a user of the cluster."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("KUBEBUILDER_ASSETS", raising=False)
        folder: Path = tmp_path_factory.mktemp("clusters")
        clusters = Clusters(folder, "token", log, user_calls=lambda app, key: faulty(app, key, faults))
        address = clusters.create(KEY)
        trust = ssl.create_default_context(cadata=address.ca_certificate)
        headers = {"Authorization": "Bearer token"}
        with httpx.Client(
            base_url=f"https://{address.endpoint}", verify=trust, headers=headers, trust_env=False
        ) as one:
            yield one
        clusters.stop_all()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"status": 503}, (503, "ServiceUnavailable", "Injected fault 503")),
        ({"status": 403, "message": "no"}, (403, "Forbidden", "no")),
        ({"status": 422, "reason": "Odd"}, (422, "Odd", "Injected fault 422")),
    ],
)
def test_an_error_is_a_status_object_once(
    cluster: httpx.Client, faults: Faults, given: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    faults.add({"path": f"^/kubernetes/{KEY}/api/v1/namespaces\\?limit=1$", **given})
    assert cluster.get("/api/v1/namespaces").status_code == 200
    answer = cluster.get("/api/v1/namespaces?limit=1")
    body = answer.json()
    assert (answer.status_code, body["reason"], body["message"]) == expected
    assert (body["kind"], body["code"]) == ("Status", expected[0])
    assert cluster.get("/api/v1/namespaces?limit=1").status_code == 200


def test_a_connection_is_cut(cluster: httpx.Client, faults: Faults) -> None:
    faults.add({"path": "/kubernetes/.*/version", "reset": True})
    with pytest.raises(httpx.TransportError):
        cluster.get("/version")
    assert cluster.get("/version").status_code == 200


def test_a_delay_only_delays(cluster: httpx.Client, faults: Faults) -> None:
    faults.add({"path": "/version", "delay_s": 0.3})
    answer = cluster.get("/version")
    assert answer.status_code == 200
    assert answer.elapsed.total_seconds() >= 0.3


def test_a_refused_call_is_written_down_as_no_change(cluster: httpx.Client, faults: Faults, log: CallLog) -> None:
    faults.add({"path": "/namespaces", "method": "POST", "status": 500})
    cluster.post("/api/v1/namespaces", json={"metadata": {"name": "n"}})
    call = next(call for call in reversed(log.since(0)) if call["actor"] == "user")
    assert (call["method"], call["status"], call["mutating"]) == ("POST", 500, False)
