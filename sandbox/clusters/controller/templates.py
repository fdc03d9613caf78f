"""Makes pods from the pod templates of workloads, and compares templates."""

from __future__ import annotations

import copy
from typing import Any

from sandbox.clusters.controller.objects import Object, controller_reference, namespace_of, short_hash
from sandbox.clusters.controller.resources import PODS, Resource

HASH_LABEL = "pod-template-hash"
REVISION_LABEL = "controller-revision-hash"


def pod_from(owner: Object, resource: Resource, metadata: Object, labels: dict[str, str] | None = None) -> Object:
    """Return the pod that a workload's template describes.

    Args:
        owner: The workload that will control the pod.
        resource: The workload's resource.
        metadata: `name` or `generateName`.
        labels: More labels than the template has.
    """
    template = owner["spec"]["template"]
    described = template.get("metadata") or {}
    return {
        "apiVersion": PODS.api_version,
        "kind": PODS.kind,
        "metadata": {
            **metadata,
            "namespace": namespace_of(owner),
            "labels": {**(described.get("labels") or {}), **(labels or {})},
            "annotations": dict(described.get("annotations") or {}),
            "ownerReferences": [controller_reference(owner, resource)],
        },
        "spec": copy.deepcopy(template["spec"]),
    }


def template_hash(template: Object) -> str:
    """Return a short hash of what a template says."""
    return short_hash(comparable(template))


def comparable(template: Object) -> Object:
    """Return a template without what a ReplicaSet's copy adds."""
    metadata: dict[str, Any] = {
        name: value for name, value in (template.get("metadata") or {}).items() if name != "creationTimestamp"
    }
    labels = {name: value for name, value in (metadata.get("labels") or {}).items() if name != HASH_LABEL}
    return {**template, "metadata": {**metadata, "labels": labels}}
