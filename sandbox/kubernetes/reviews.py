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
        user = USER if is_known else {}
        return {**head, "spec": spec, "status": {"authenticated": is_known, "user": user} if is_known else {"user": {}}}
    if resource.kind == "SelfSubjectRulesReview":
        return {**head, "spec": {}, "status": _EVERYTHING}
    return {**head, "spec": spec, "status": _access(resource, spec)}


def _access(resource: Resource, spec: Object) -> Object:
    own = resource.kind == "SelfSubjectAccessReview"
    if own or "system:masters" in (spec.get("groups") or []) or spec.get("user") == USER["username"]:
        return {"allowed": True}
    return {"allowed": False}
