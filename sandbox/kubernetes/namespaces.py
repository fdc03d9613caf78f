"""The conditions of a namespace that goes away, as the namespace controller words them.

Source: `pkg/controller/namespace/deletion` of Kubernetes 1.33.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sandbox.kubernetes.status import qualified
from sandbox.kubernetes.storage import Record

Object = dict[str, Any]

FINALIZER = "kubernetes"


def conditions_while_deleting(remaining: Iterable[Record], now: str) -> list[Object]:
    """Return a terminating namespace's conditions.

    Args:
        remaining: What is still in it.
        now: The time to write down.
    """
    left = list(remaining)
    resources = Counter(f"{qualified(record.group, record.resource)}." for record in left)
    finalizers = Counter(name for record in left for name in record.view["metadata"].get("finalizers") or [])
    failures = (
        ("NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered", "All resources successfully discovered"),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed",
        ),
        (
            "NamespaceDeletionContentFailure",
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization",
        ),
    )
    conditions = [_condition(kind, "False", reason, message, now) for kind, reason, message in failures]
    text = ", ".join(f"{name} has {count} resource instances" for name, count in sorted(resources.items()))
    if left:
        message = f"Some resources are remaining: {text}"
        conditions.append(_condition("NamespaceContentRemaining", "True", "SomeResourcesRemain", message, now))
    else:
        message = "All content successfully removed"
        conditions.append(_condition("NamespaceContentRemaining", "False", "ContentRemoved", message, now))
    text = ", ".join(f"{name} in {count} resource instances" for name, count in sorted(finalizers.items()))
    if finalizers:
        message = f"Some content in the namespace has finalizers remaining: {text}"
        conditions.append(_condition("NamespaceFinalizersRemaining", "True", "SomeFinalizersRemain", message, now))
    else:
        message = "All content-preserving finalizers finished"
        conditions.append(_condition("NamespaceFinalizersRemaining", "False", "ContentHasNoFinalizers", message, now))
    return conditions


def _condition(kind: str, status: str, reason: str, message: str, now: str) -> Object:
    return {"lastTransitionTime": now, "message": message, "reason": reason, "status": status, "type": kind}
