"""The two Kubernetes Secrets that Kubeflow Pipelines reads, from values that Secret Manager holds.

`mysql-secret` is how its servers log in to the database. `mlpipeline-minio-artifact` holds the keys that the gateway
in front of the bucket (Deployment `minio`) asks of its clients inside the cluster; the gateway itself reaches the
bucket by Workload Identity, so the keys can be any.

Pods read both once, when they start. The number of the version that each was made from is therefore written into the
templates of the pods that read it: a new version restarts them, and nothing else.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from environment.errors import KubernetesError
from environment.objects import Manifest, ObjectReference

MYSQL = "mysql-secret"
ARTIFACT_KEYS = "mlpipeline-minio-artifact"
NAMES = (MYSQL, ARTIFACT_KEYS)
VERSION_ANNOTATION = "mlops-env/version-of-"
ACCESS_KEY_LENGTH, SECRET_KEY_LENGTH = 20, 40  # the longest that the gateway takes
LABELS = {
    "app.kubernetes.io/managed-by": "mlops-env",
    "app.kubernetes.io/part-of": "kubeflow-pipelines",
    "application-crd-id": "kubeflow-pipelines",  # upstream's, on all that its Application object selects
}


def secret_references(namespace: str) -> tuple[ObjectReference, ...]:
    """Return the references of both Secrets."""
    return tuple(ObjectReference("", "v1", "Secret", namespace, name) for name in NAMES)


def mysql_secret(namespace: str, user: str, password: str) -> dict[str, Any]:
    """Return the manifest of MYSQL."""
    return secret_manifest(namespace, MYSQL, {"username": user, "password": password})


def artifact_keys_secret(namespace: str, kept: str) -> dict[str, Any]:
    """Return the manifest of ARTIFACT_KEYS from what `encode_artifact_keys` wrote.

    Raises:
        KubernetesError: When it holds something else.
    """
    try:
        keys = json.loads(kept)
        values = {name: str(keys[name]) for name in ("accesskey", "secretkey")}
    except (ValueError, KeyError, TypeError):
        # No cause is named, and none chained: it would show the value.
        raise KubernetesError(
            "the secret with the artifact keys does not hold accesskey and secretkey as JSON",
            "delete it in Secret Manager, then run again",
        ) from None
    return secret_manifest(namespace, ARTIFACT_KEYS, values)


def encode_artifact_keys(access_key: str, secret_key: str) -> str:
    """Write both keys as one value of Secret Manager."""
    return json.dumps({"accesskey": access_key, "secretkey": secret_key})


def with_versions(manifests: Iterable[Manifest], versions: Mapping[str, str]) -> tuple[Manifest, ...]:
    """Note in every pod template that reads one of our Secrets which version it reads.

    Args:
        manifests: Any objects.
        versions: Secret Manager's version number by the Secret's name.
    """
    return tuple(_noted(manifest, versions) for manifest in manifests)


def readers(manifests: Iterable[Manifest], versions: Mapping[str, str]) -> tuple[Manifest, ...]:
    """Return the workloads that read one of our Secrets, with the version noted, and nothing else."""
    given = tuple(manifests)
    return tuple(noted for one, noted in zip(given, with_versions(given, versions), strict=True) if noted is not one)


def _noted(manifest: Manifest, versions: Mapping[str, str]) -> Manifest:
    template = (manifest.get("spec") or {}).get("template") if manifest["kind"] in _WITH_TEMPLATE else None
    if not template:
        return manifest
    read = {name for name in versions if name in _named_secrets(template)}
    if not read:
        return manifest
    metadata = template.get("metadata") or {}
    notes = {f"{VERSION_ANNOTATION}{name}": versions[name] for name in sorted(read)}
    noted = {**metadata, "annotations": {**(metadata.get("annotations") or {}), **notes}}
    return {**manifest, "spec": {**manifest["spec"], "template": {**template, "metadata": noted}}}


_WITH_TEMPLATE = ("Deployment", "StatefulSet", "DaemonSet")


def _named_secrets(value: Any) -> set[str]:
    return set(_walk_secrets(value))


def _walk_secrets(value: Any) -> Iterator[str]:
    """Find `secretKeyRef` and `secretRef` (name), and secret volumes (secretName), wherever they are."""
    if isinstance(value, Mapping):
        for key, below in value.items():
            if key in ("secretKeyRef", "secretRef") and isinstance(below, Mapping):
                yield str(below.get("name"))
            elif key == "secretName":
                yield str(below)
            else:
                yield from _walk_secrets(below)
    elif isinstance(value, list | tuple):
        for below in value:
            yield from _walk_secrets(below)


def secret_manifest(namespace: str, name: str, values: Mapping[str, str]) -> dict[str, Any]:
    """Return the manifest of a Secret of ours."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace, "labels": dict(LABELS)},
        "type": "Opaque",
        "data": {key: base64.b64encode(value.encode()).decode() for key, value in values.items()},
    }
