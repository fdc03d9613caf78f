"""Who is asking, and may they: the reviews that are answered and never stored.

There is one user, and `system:masters` may do everything.
"""

from __future__ import annotations

from typing import Any

from sandbox.kubernetes.resources import Resource

Object = dict[str, Any]

USER: Object = {"username": "sandbox", "uid": "sandbox", "groups": ["system:masters", "system:authenticated"]}
_EVERYTHING = {
    "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
    "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
    "incomplete": False,
}


def answer_review(resource: Resource, obj: Object, token: str) -> Object:
    """Fill in a review's status."""
    head = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": {"creationTimestamp": None}}
    if resource.kind == "SelfSubjectReview":
        return {**head, "status": {"userInfo": USER}}
    spec = obj.get("spec") or {}
    if resource.kind == "TokenReview":
        is_known = spec.get("token") == token
        refusal = {"error": "invalid bearer token", "user": {}}
        return {**head, "spec": spec, "status": {"authenticated": True, "user": USER} if is_known else refusal}
    if resource.kind == "SelfSubjectRulesReview":
        return {**head, "spec": {}, "status": _EVERYTHING}
    return {**head, "spec": spec, "status": {"allowed": _is_allowed(resource, spec)}}


def _is_allowed(resource: Resource, spec: Object) -> bool:
    return resource.kind == "SelfSubjectAccessReview" or "system:masters" in (spec.get("groups") or [])
