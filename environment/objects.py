"""Kubernetes objects as plain mappings: how they are named, and in which order they can be applied.

Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

Manifest = Mapping[str, Any]

NAMESPACE = "Namespace"
DEFINITION = "CustomResourceDefinition"


class GroupKind(NamedTuple):
    """A kind in its API group; the core group is the empty string. Its text is kubectl's: "Deployment.apps"."""

    group: str
    kind: str

    def __str__(self) -> str:
        return f"{self.kind}.{self.group}" if self.group else self.kind

    @classmethod
    def parse(cls, text: str) -> GroupKind:
        """Read what `str` writes."""
        kind, _, group = text.partition(".")
        return cls(group, kind)


class ObjectReference(NamedTuple):
    """One object by what identifies it; `namespace` is empty for what is cluster-scoped, or not yet known to be."""

    group: str
    version: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    @property
    def group_kind(self) -> GroupKind:
        """The kind in its group."""
        return GroupKind(self.group, self.kind)

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What stays the same across API versions."""
        return (self.group, self.kind, self.namespace, self.name)


def reference_of(manifest: Manifest) -> ObjectReference:
    """Return an object's reference, its namespace as the manifest gives it."""
    group, _, version = str(manifest["apiVersion"]).rpartition("/")
    metadata = manifest["metadata"]
    return ObjectReference(group, version, manifest["kind"], metadata.get("namespace", ""), metadata["name"])


def is_prerequisite(manifest: Manifest) -> bool:
    """Tell whether other objects cannot be applied before this one is served: namespaces and definitions of kinds."""
    return manifest["kind"] in (NAMESPACE, DEFINITION)


def split_prerequisites(manifests: Iterable[Manifest]) -> tuple[tuple[Manifest, ...], tuple[Manifest, ...]]:
    """Return (namespaces and definitions, all others), each in the given order."""
    before: list[Manifest] = []
    after: list[Manifest] = []
    for manifest in manifests:
        (before if is_prerequisite(manifest) else after).append(manifest)
    return tuple(before), tuple(after)


def is_established(definition: Manifest) -> bool:
    """Tell whether the API server serves the kinds of a CustomResourceDefinition."""
    return any(one["type"] == "Established" and one["status"] == "True" for one in _conditions(definition))


def refused_names(definition: Manifest) -> str:
    """Say why a definition will never be established: another one has its names; empty when it has them."""
    for one in _conditions(definition):
        if one["type"] == "NamesAccepted" and one["status"] == "False":
            return str(one.get("message") or one.get("reason"))
    return ""


def _conditions(manifest: Manifest) -> Sequence[Mapping[str, Any]]:
    return (manifest.get("status") or {}).get("conditions") or ()  # a new definition's are null


def defined_kinds(manifests: Iterable[Manifest]) -> frozenset[tuple[str, str, str]]:
    """Return (group, version, kind) of what the definitions among the manifests define."""
    specs = [manifest["spec"] for manifest in manifests if manifest["kind"] == DEFINITION]
    return frozenset((spec["group"], one["name"], spec["names"]["kind"]) for spec in specs for one in spec["versions"])
