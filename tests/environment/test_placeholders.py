from typing import Any

import pytest

from environment.errors import RenderError
from environment.placeholders import check_placeholders, find_placeholder


def _config(text: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "config"}, "data": {"value": text}}


@pytest.mark.parametrize(
    ("text", "placeholder"),
    [
        ("yourGcsBucketName", "yourGcsBucketName"),
        ('bucket: "yourGcsBucketName"\n', "yourGcsBucketName"),
        ("YOUR_BUCKET", "YOUR_BUCKET"),
        ("your-bucket", "your-bucket"),
        ("gs://YOUR_BUCKET/v2/artifacts", "//YOUR_BUCKET"),
        ("gs://your-bucket/path", "//your-bucket"),
        ("<bucket>", "<bucket>"),
        ("[YOUR BUCKET]", "[YOUR BUCKET]"),
        ("minio-service.$(kfp-namespace):9000", "$(kfp-namespace)"),
        ("ghcr.io/kubeflow/kfp-api-server:dummy", ":dummy"),
    ],
)
def test_placeholders_are_refused_with_their_place(text: str, placeholder: str) -> None:
    with pytest.raises(RenderError, match=r"ConfigMap config: data\.value still holds the placeholder") as caught:
        check_placeholders([_config(text)])
    assert repr(placeholder) in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "acme-artifacts",
        "--db_host=$(DBCONFIG_HOST_NAME)",
        "restart all: `kubectl rollout restart deployment -n <your-namespace>`.\n",
        "Open your browser",
        "yours",
        "ghcr.io/kubeflow/kfp-api-server:2.14.4",
    ],
)
def test_ordinary_values_pass(text: str) -> None:
    assert find_placeholder(text) is None


def _definition(field: str) -> dict[str, Any]:
    version = {"schema": {field: {"description": "yourGcsBucketName"}}}
    kind = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    return {**kind, "metadata": {"name": "x"}, "spec": {"versions": [version]}}


def test_the_prose_of_a_definition_is_not_looked_at() -> None:
    check_placeholders([_definition("openAPIV3Schema")])
    with pytest.raises(RenderError, match="yourGcsBucketName"):
        check_placeholders([_definition("somethingElse")])
