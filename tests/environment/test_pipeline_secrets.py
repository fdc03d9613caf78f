from __future__ import annotations

import base64
from typing import Any

import pytest

from environment.errors import KubernetesError
from environment.pipeline_secrets import (
    artifact_keys_secret,
    encode_artifact_keys,
    mysql_secret,
    secret_references,
    with_versions,
)


def decoded(manifest: dict[str, Any]) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in manifest["data"].items()}


def test_mysql_secret_holds_user_and_password():
    manifest = mysql_secret("ml", "root", "pässword")
    assert (manifest["metadata"]["namespace"], manifest["metadata"]["name"]) == ("ml", "mysql-secret")
    assert decoded(manifest) == {"username": "root", "password": "pässword"}


def test_artifact_keys_survive_secret_manager():
    manifest = artifact_keys_secret("ml", encode_artifact_keys("a" * 20, "b" * 40))
    assert manifest["metadata"]["name"] == "mlpipeline-minio-artifact"
    assert decoded(manifest) == {"accesskey": "a" * 20, "secretkey": "b" * 40}


@pytest.mark.parametrize("kept", ["hunter2", '{"accesskey": "hunter2"}', "[]", '"hunter2"'])
def test_broken_artifact_keys_are_refused_without_showing_them(kept):
    with pytest.raises(KubernetesError) as caught:
        artifact_keys_secret("ml", kept)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_references_are_those_of_the_manifests():
    assert [str(one) for one in secret_references("ml")] == [
        "Secret ml/mysql-secret",
        "Secret ml/mlpipeline-minio-artifact",
    ]


def deployment(**pod: Any) -> dict[str, Any]:
    return {"kind": "Deployment", "metadata": {"name": "x"}, "spec": {"template": {"spec": pod}}}


def from_env(name: str) -> dict[str, Any]:
    source = {"secretKeyRef": {"name": name, "key": "password"}}
    return deployment(containers=[{"name": "main", "env": [{"name": "P", "valueFrom": source}]}])


@pytest.mark.parametrize(
    "manifest",
    [
        from_env("mysql-secret"),
        deployment(containers=[{"name": "main", "envFrom": [{"secretRef": {"name": "mysql-secret"}}]}]),
        deployment(volumes=[{"name": "v", "secret": {"secretName": "mysql-secret"}}]),
    ],
)
def test_pods_that_read_a_secret_name_its_version(manifest):
    (noted,) = with_versions([manifest], {"mysql-secret": "3", "mlpipeline-minio-artifact": "1"})
    annotations = noted["spec"]["template"]["metadata"]["annotations"]
    assert annotations == {"mlops-env/version-of-mysql-secret": "3"}
    assert "metadata" not in manifest["spec"]["template"]


@pytest.mark.parametrize(
    "manifest",
    [
        from_env("other"),
        {"kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"a": "mysql-secret"}},
        {"kind": "Deployment", "metadata": {"name": "x"}},
    ],
)
def test_all_else_stays_as_it_is(manifest):
    assert with_versions([manifest], {"mysql-secret": "3"}) == (manifest,)
