"""An ApplySet: which objects one installation made, so that what it no longer renders can be found and pruned.

The parent is a Secret in the installation's namespace. It names the kinds and namespaces in which members may be;
each member carries the set's id as a label. A run widens the parent before it applies (union of old and new), and
narrows it after it has pruned, so that a crash in between loses no object. The parent changes only when these sets do.

Source: https://git.k8s.io/enhancements/keps/sig-cli/3659-kubectl-apply-prune (kubectl's specification)
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from environment.errors import KubernetesError
from environment.objects import DEFINITION, NAMESPACE, GroupKind, Manifest, ObjectReference

TOOL = "mlops-env"
PIPELINES = "mlops-env"  # the set of Kubeflow Pipelines
ID_LABEL = "applyset.kubernetes.io/id"
PART_OF_LABEL = "applyset.kubernetes.io/part-of"
TOOLING = "applyset.kubernetes.io/tooling"
KINDS = "applyset.kubernetes.io/contains-group-kinds"
NAMESPACES = "applyset.kubernetes.io/additional-namespaces"

# Dropping a definition deletes every object of its kind, a namespace everything in it, a claim the data behind it.
NEVER_PRUNED = frozenset({DEFINITION, NAMESPACE, "PersistentVolumeClaim"})


@dataclass(frozen=True)
class Extent:
    """Where members may be: their kinds, and the namespaces apart from the parent's own."""

    kinds: frozenset[GroupKind] = frozenset()
    namespaces: frozenset[str] = frozenset()

    def __or__(self, other: Extent) -> Extent:
        return Extent(self.kinds | other.kinds, self.namespaces | other.namespaces)


@dataclass(frozen=True)
class ApplySet:
    """A set of objects by its parent, the Secret `name` in `namespace`."""

    name: str
    namespace: str
    version: str

    @property
    def id(self) -> str:
        """The id that the specification derives from the parent's name, namespace, kind and group."""
        digest = hashlib.sha256(f"{self.name}.{self.namespace}.Secret.".encode()).digest()
        return f"applyset-{base64.urlsafe_b64encode(digest).decode().rstrip('=')}-v1"

    @property
    def reference(self) -> ObjectReference:
        """The parent."""
        return ObjectReference("", "v1", "Secret", self.namespace, self.name)

    @property
    def selector(self) -> str:
        """The label selector of all members."""
        return f"{PART_OF_LABEL}={self.id}"

    def member(self, manifest: Manifest) -> dict[str, Any]:
        """Return the manifest with the label of a member."""
        metadata = manifest["metadata"]
        labels = {**(metadata.get("labels") or {}), PART_OF_LABEL: self.id}
        return {**manifest, "metadata": {**metadata, "labels": labels}}

    def extent_of(self, references: Iterable[ObjectReference]) -> Extent:
        """Return the extent that these members take."""
        members = tuple(references)
        namespaces = frozenset(member.namespace for member in members) - {"", self.namespace}
        return Extent(frozenset(member.group_kind for member in members), namespaces)

    def parent(self, extent: Extent) -> dict[str, Any]:
        """Return the parent's manifest."""
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": self.name,
                "namespace": self.namespace,
                "labels": {ID_LABEL: self.id},
                "annotations": {
                    TOOLING: f"{TOOL}/{self.version}",
                    KINDS: ",".join(sorted(map(str, extent.kinds))),
                    NAMESPACES: ",".join(sorted(extent.namespaces)),
                },
            },
        }

    def is_parent(self, live: Manifest) -> bool:
        """Tell whether an object is the parent of this set, and made by this tool."""
        return (live["metadata"].get("labels") or {}).get(ID_LABEL) == self.id and _tool(live) == TOOL

    def read_parent(self, live: Manifest) -> Extent:
        """Return the extent that a parent names.

        Raises:
            KubernetesError: When it is the parent of another set, or of another tool.
        """
        annotations: Mapping[str, str] = live["metadata"].get("annotations") or {}
        if not self.is_parent(live):
            tool = _tool(live)
            owner = f"belongs to {tool}" if tool and tool != TOOL else "is not the parent of our ApplySet"
            raise KubernetesError(
                f"{self.reference} {owner}",
                "move it out of the way, or use another namespace",
                resource=str(self.reference),
            )
        kinds = frozenset(map(GroupKind.parse, filter(None, annotations.get(KINDS, "").split(","))))
        return Extent(kinds, frozenset(filter(None, annotations.get(NAMESPACES, "").split(","))))


def installed_namespaces(name: str, parents: Iterable[Manifest]) -> tuple[str, ...]:
    """Return the namespaces in which this tool has installed a set of that name, given parents of any tool."""
    found = []
    for parent in parents:
        metadata = parent["metadata"]
        candidate = ApplySet(metadata["name"], metadata["namespace"], "")
        if candidate.name == name and candidate.is_parent(parent):
            found.append(candidate.namespace)
    return tuple(sorted(found))


def _tool(parent: Manifest) -> str:
    annotations: Mapping[str, str] = parent["metadata"].get("annotations") or {}
    return annotations.get(TOOLING, "").rpartition("/")[0]


def prunable(members: Iterable[ObjectReference], wanted: Iterable[ObjectReference]) -> tuple[ObjectReference, ...]:
    """Return the members that are no longer wanted and may be pruned, in stable order."""
    kept = {reference.identity for reference in wanted}
    return tuple(sorted(one for one in members if one.identity not in kept and one.kind not in NEVER_PRUNED))
