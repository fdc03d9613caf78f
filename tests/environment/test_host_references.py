from typing import Any

import pytest

from environment.host_references import host_references

OURS = {"ml", "kubeflow"}


def _config(**data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "ml"}, "data": data}


def _pod(**container: Any) -> dict[str, Any]:
    metadata = {"name": "p", "namespace": "ml"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}}


def _named(manifest: dict[str, Any]) -> list[str]:
    return [f"{found.kind} {found.namespace}/{found.name}" for found in host_references(manifest, OURS)]


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("minio-service.kubeflow:9000", "kubeflow/minio-service"),
        ("http://minio-service.ml:9000/bucket", "ml/minio-service"),
        ("ml-pipeline.ml.svc", "ml/ml-pipeline"),
        ("ml-pipeline.ml.svc.cluster.local:8888", "ml/ml-pipeline"),
        ("ml-pipeline.ml", "ml/ml-pipeline"),
        ('endpoint: "minio-service.ml:9000"\n', "ml/minio-service"),
        ("minio-service.elsewhere:9000", None),
        ("https://example.ml/path", None),
        ("someone@example.ml", None),
        ("ghcr.io/kubeflow/kfp-driver:2.14.4", None),
        ("pipelines.kubeflow.org", None),
        ("metrics.pipelines.ml.svc", None),
    ],
)
def test_hosts_in_our_namespaces_are_services(text: str, service: str | None) -> None:
    expected = [f"Service {service}"] if service else []
    assert _named(_config(value=text)) == expected
    assert _named(_pod(name="c", env=[{"name": "ADDRESS", "value": text}])) == expected
    assert _named(_pod(name="c", args=[f"--address={text}"])) == expected


@pytest.mark.parametrize(
    ("name", "value", "is_service"),
    [
        ("dbHost", "mysql", True),
        ("METADATA_GRPC_SERVICE_HOST", "metadata-grpc-service", True),
        ("DBCONFIG_HOST_NAME", "mysql", True),
        ("db_host", "mysql", True),
        ("host", "mysql", True),
        ("dbHost", "localhost", False),
        ("dbHost", "10.0.0.3", False),
        ("dbHost", "mysql.example.com", False),
        ("dbHost", "", False),
        ("USE_HOST", "true", False),
        ("ghost", "mysql", False),
        ("HOSTED", "mysql", False),
        ("dbName", "mysql", False),
    ],
)
def test_a_bare_name_is_a_service_where_the_setting_says_so(name: str, value: str, is_service: bool) -> None:
    assert _named(_config(**{name: value})) == ([f"Service ml/{value}"] if is_service else [])


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('{"spec": {"serviceAccountName": "viewer"}}', ["ServiceAccount ml/viewer"]),
        ("s3:\n  accessKeySecret: {name: store, key: accesskey}\n", ["Secret ml/store"]),
        ("items: [{pod: {serviceAccountName: runner}}]", ["ServiceAccount ml/runner"]),
        ("the Secret: [is, {no document", []),
        ("Secret things are said here", []),
    ],
)
def test_documents_inside_config_maps_are_read(text: str, named: list[str]) -> None:
    assert _named(_config(document=text)) == named
