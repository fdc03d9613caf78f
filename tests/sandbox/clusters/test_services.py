"""What answers behind services."""

from __future__ import annotations

import pytest

from sandbox.clusters.services import answer_service

PROXY = "/api/v1/namespaces/kubeflow/services/"
READY = {("kubeflow", "ml-pipeline"): 1, ("kubeflow", "ml-pipeline-ui"): 1, ("kubeflow", "minio-service"): 0}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("ml-pipeline:8888/proxy/apis/v2beta1/healthz", 200),
        ("http:ml-pipeline:http/proxy/apis/v1beta1/healthz", 200),
        ("ml-pipeline:8888/proxy/apis/v2beta1/runs", 501),
        ("ml-pipeline-ui:80/proxy/", 501),
        ("minio-service:9000/proxy/", 503),
        ("absent:80/proxy/", 404),
    ],
)
def test_answers(path: str, status: int) -> None:
    answer = answer_service("GET", PROXY + path, lambda namespace, name: READY.get((namespace, name)))
    assert answer is not None
    assert answer[0] == status


@pytest.mark.parametrize("path", ["/api/v1/namespaces/kubeflow/services/ml-pipeline", "/api/v1/pods"])
def test_other_paths_are_the_api_servers(path: str) -> None:
    assert answer_service("GET", path, lambda namespace, name: 1) is None
