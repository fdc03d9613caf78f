from __future__ import annotations

import pickle
import socket
import time

import pytest

from clients.addresses import Addresses
from clients.kubernetes.connection import Cluster, ClusterAccess
from environment.errors import (
    CredentialsError,
    KubernetesError,
    MlopsEnvError,
    TransientKubernetesError,
    UnreachableError,
)


def test_request_carries_token_query_and_body(script):
    script.on("/api/v1/x", (201, {"kind": "X"}))
    answer = script.objects().cluster.request("PATCH", "/api/v1/x", {"dryRun": "All"}, {"a": "ü"})
    assert (answer.status, answer.body) == (201, {"kind": "X"})
    asked = script.asked[0]
    assert asked.headers["Authorization"] == "Bearer token-of-the-test"
    assert (asked.query, asked.body) == ({"dryRun": "All"}, {"a": "ü"})


def test_connections_are_used_again(script):
    script.on("/version", (200, {"gitVersion": "v1.33.4"}))
    cluster = script.objects().cluster
    assert [cluster.read_version() for _ in range(3)] == ["v1.33.4"] * 3
    pools = cluster._rest.pool_manager.pools
    assert sum(pools[key].num_connections for key in pools.keys()) == 1  # noqa: SIM118 - no mapping


def test_connection_that_the_server_closed_is_opened_again(script):
    script.on("/version", (200, {"gitVersion": "v1"}), None, (200, {"gitVersion": "v1"}))
    cluster = script.objects().cluster
    assert [cluster.read_version(), cluster.read_version()] == ["v1", "v1"]
    assert len(script.asked) == 3


def test_server_that_always_hangs_up_is_unreachable(script):
    script.on("/version", None)
    with pytest.raises(UnreachableError):
        script.objects().cluster.read_version()
    assert len(script.asked) == 2


@pytest.mark.parametrize(
    ("status", "body", "error", "said"),
    [
        (401, {"reason": "Unauthorized"}, CredentialsError, "refused the credentials"),
        (404, {"reason": "NotFound", "message": 'x "y" not found'}, KubernetesError, 'NotFound: x "y" not found'),
        (429, {"reason": "TooManyRequests", "message": "slow"}, TransientKubernetesError, "slow"),
        (503, b"upstream connect error", TransientKubernetesError, "upstream connect error"),
        (502, b"<html>\n<h1>Bad\nGateway", TransientKubernetesError, "<html> <h1>Bad Gateway"),
        (500, b"", TransientKubernetesError, "HTTP 500"),
    ],
)
def test_refusal_is_one_of_our_errors_in_one_line(script, status, body, error, said):
    script.on("/x", (status, body))
    with pytest.raises(MlopsEnvError) as caught:
        script.objects().cluster.request("GET", "/x", resource="Deployment ml/ui")
    assert type(caught.value) is error
    assert said in str(caught.value)
    assert "Deployment ml/ui" in str(caught.value)
    assert "\n" not in str(caught.value)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.mark.parametrize("ask", [Cluster.read_version, lambda cluster: cluster.request("GET", "/api/v1/pods")])
def test_closed_port_is_unreachable_with_the_hint(ask):
    cluster = Cluster(ClusterAccess(f"https://127.0.0.1:{free_port()}", ""), Addresses(token="t"))
    with pytest.raises(UnreachableError, match=r"authorized networks.* `mlops-env doctor ENV` says who .*the command"):
        ask(cluster)


def test_port_that_swallows_everything_is_given_up_soon(monkeypatch):
    monkeypatch.setattr("clients.kubernetes.connection.REACH_SECONDS", 0.2)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        access = ClusterAccess(f"http://127.0.0.1:{listener.getsockname()[1]}", "")
        began = time.monotonic()
        with pytest.raises(UnreachableError, match="authorized networks"):
            Cluster(access, Addresses(token="t")).read_version()
    assert time.monotonic() - began < 3


def test_access_is_picklable_and_shows_no_certificate():
    access = ClusterAccess("https://1.2.3.4", "-----BEGIN CERTIFICATE-----")
    assert pickle.loads(pickle.dumps(access)) == access
    assert "BEGIN" not in repr(access)


def test_token_stands_in_no_error(script):
    script.on("/x", (403, {"reason": "Forbidden", "message": 'User "me" cannot get x'}))
    with pytest.raises(KubernetesError) as caught:
        script.objects().cluster.request("GET", "/x")
    assert "token-of-the-test" not in repr(caught.value)
    assert "roles/container.admin" in str(caught.value)
