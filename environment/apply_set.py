"""An ApplySet: which objects one installation made, so that what it no longer renders can be found and pruned.

The parent is a Secret in the installation's namespace. It names the kinds and namespaces in which members may be;
each member carries the set's id as a label. A run widens the parent before it applies (union of old and new), and
narrows it after it has pruned, so that a crash in between loses no object. The parent changes only when these sets do.

The id follows from name and namespace alone, so the parent also names its owner, an environment. In a cluster of others
the namespace does too, which is there before its parent.

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
OWNER = "mlops-env/owner"

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
    """A set of objects by its parent, the Secret `name` in `namespace`.

    Attributes:
        name: The parent's name.
        namespace: Its namespace.
        version: Of this tool.
        owner: The environment whose set this is, empty where nobody asks.
        is_guest: Whether the cluster is somebody else's: there a set that names no owner is not ours. In a cluster of
            ours it is, made by an older version.
    """

    name: str
    namespace: str
    version: str
    owner: str = ""
    is_guest: bool = False

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
        owned: dict[str, Any] = {}
        if self.is_guest and manifest["kind"] == NAMESPACE:
            owned = {"annotations": {**(metadata.get("annotations") or {}), OWNER: self.owner}}
        return {**manifest, "metadata": {**metadata, "labels": labels, **owned}}

    @property
    def claim(self) -> str:
        """How a person says whose the installation is, where its parent does not."""
        return (
            f"say whose it is; if it is {self.owner}'s: kubectl annotate secret {self.name} "
            f"--namespace={self.namespace} '{OWNER}={self.owner}'"
        )

    def is_owner(self, named: str) -> bool:
        """Tell whether what names this owner, or none, is ours."""
        return not self.owner or named == self.owner or (not named and not self.is_guest)

    def has_made(self, namespace: Manifest) -> bool:
        """Tell whether a namespace in a cluster of others is ours, also before its parent is there."""
        is_member = (namespace["metadata"].get("labels") or {}).get(PART_OF_LABEL) == self.id
        return is_member and owner_of(namespace) == self.owner

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
                    **({OWNER: self.owner} if self.owner else {}),
                },
            },
        }

    def is_parent(self, live: Manifest) -> bool:
        """Tell whether an object is the parent of this set, and made by this tool."""
        return (live["metadata"].get("labels") or {}).get(ID_LABEL) == self.id and _tool(live) == TOOL

    def read_parent(self, live: Manifest) -> Extent:
        """Return the extent that a parent names.

        Raises:
            KubernetesError: When it is the parent of another set, or of another tool or environment.
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
        if not self.is_owner(owner_of(live)):
            owner = owner_of(live) or f"an installation that does not say that it is {self.owner}'s"
            raise KubernetesError(
                f"{self.reference} belongs to {owner}, not to {self.owner}",
                "set pipelines.namespace to another one" if owner_of(live) else self.claim,
                resource=str(self.reference),
            )
        kinds = frozenset(map(GroupKind.parse, filter(None, annotations.get(KINDS, "").split(","))))
        return Extent(kinds, frozenset(filter(None, annotations.get(NAMESPACES, "").split(","))))


def owner_of(live: Manifest) -> str:
    """Return the environment that a parent or a namespace names, empty where none."""
    annotations: Mapping[str, str] = live["metadata"].get("annotations") or {}
    return annotations.get(OWNER, "")


def installations(name: str, parents: Iterable[Manifest]) -> dict[str, str]:
    """Return the owners of this tool's sets of that name by their namespaces, given parents of any tool."""
    found = {}
    for parent in parents:
        metadata = parent["metadata"]
        candidate = ApplySet(metadata["name"], metadata["namespace"], "")
        if candidate.name == name and candidate.is_parent(parent):
            found[candidate.namespace] = owner_of(parent)
    return dict(sorted(found.items()))


def _tool(parent: Manifest) -> str:
    annotations: Mapping[str, str] = parent["metadata"].get("annotations") or {}
    return annotations.get(TOOLING, "").rpartition("/")[0]


def prunable(members: Iterable[ObjectReference], wanted: Iterable[ObjectReference]) -> tuple[ObjectReference, ...]:
    """Return the members that are no longer wanted and may be pruned, in stable order."""
    kept = {reference.identity for reference in wanted}
    return tuple(sorted(one for one in members if one.identity not in kept and one.kind not in NEVER_PRUNED))
