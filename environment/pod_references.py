"""What a pod names: Secrets, ConfigMaps, claims, its ServiceAccount and PriorityClass.

Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from environment.objects import Manifest, reference_of

POD_SPECS = {
    "Pod": ("spec",),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    **dict.fromkeys(
        ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"),
        ("spec", "template", "spec"),
    ),
}


@dataclass(frozen=True)
class Reference:
    """One object naming another: `referrer` is the first as people call it, `key` one of the other's entries."""

    referrer: str
    kind: str
    namespace: str
    name: str
    key: str | None = None
    is_optional: bool = False

    @classmethod
    def of(cls, manifest: Manifest) -> Reference:
        """Start from an object, in its own namespace."""
        metadata = manifest["metadata"]
        return cls(str(reference_of(manifest)), manifest["kind"], metadata.get("namespace", ""), metadata["name"])

    def to(self, kind: str, name: str, key: str | None = None, *, namespace: str | None = None) -> Reference:
        """Point at an object, by default one in the same namespace."""
        return replace(
            self, kind=kind, name=name, key=key, namespace=self.namespace if namespace is None else namespace
        )


def pod_spec(manifest: Manifest) -> dict[str, Any] | None:
    """Return the pod's spec inside a workload, None where it has none."""
    path = POD_SPECS.get(manifest["kind"])
    found: Any = manifest if path else None
    for step in path or ():
        found = (found or {}).get(step)
    return found or None


def containers(spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every container, those that run before included."""
    for group in ("initContainers", "containers", "ephemeralContainers"):
        yield from spec.get(group) or []


def pod_references(manifest: Manifest) -> Iterator[Reference]:
    """Yield what the pods of a workload name."""
    spec = pod_spec(manifest)
    if spec is None:
        return
    workload = Reference.of(manifest)
    yield workload.to("ServiceAccount", spec.get("serviceAccountName") or "default")
    if priority := spec.get("priorityClassName"):
        yield workload.to("PriorityClass", priority, namespace="")
    for secret in spec.get("imagePullSecrets") or []:
        yield workload.to("Secret", secret["name"])
    for container in containers(spec):
        yield from _container_references(workload, container)
    templates = (manifest["spec"].get("volumeClaimTemplates") or []) if manifest["kind"] == "StatefulSet" else []
    own_claims = {template["metadata"]["name"] for template in templates}
    for volume in spec.get("volumes") or []:
        if volume["name"] not in own_claims:
            yield from _volume_references(workload, volume)


def _container_references(workload: Reference, container: dict[str, Any]) -> Iterator[Reference]:
    for variable in container.get("env") or []:
        source = variable.get("valueFrom") or {}
        for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
            if named := source.get(field):
                yield _optional(workload.to(kind, named["name"], named["key"]), named)
    for source in container.get("envFrom") or []:
        for field, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            if named := source.get(field):
                yield _optional(workload.to(kind, named["name"]), named)


def _volume_references(workload: Reference, volume: dict[str, Any]) -> Iterator[Reference]:
    if claim := volume.get("persistentVolumeClaim"):
        yield workload.to("PersistentVolumeClaim", claim["claimName"])
    yield from _file_references(workload, volume.get("configMap"), "ConfigMap", "name")
    yield from _file_references(workload, volume.get("secret"), "Secret", "secretName")
    for source in (volume.get("projected") or {}).get("sources") or []:
        yield from _file_references(workload, source.get("configMap"), "ConfigMap", "name")
        yield from _file_references(workload, source.get("secret"), "Secret", "name")


def _file_references(
    workload: Reference, named: dict[str, Any] | None, kind: str, name_field: str
) -> Iterator[Reference]:
    """Yield the object that a volume shows, and each key of it that is asked for."""
    if not named:
        return
    yield _optional(workload.to(kind, named[name_field]), named)
    for item in named.get("items") or []:
        yield _optional(workload.to(kind, named[name_field], item["key"]), named)


def _optional(reference: Reference, named: dict[str, Any]) -> Reference:
    return replace(reference, is_optional=bool(named.get("optional")))
