"""getIamPolicy, setIamPolicy and testIamPermissions, alike for every resource that carries a policy."""

from __future__ import annotations

import re
from collections.abc import Callable

from sandbox.kernel.errors import invalid
from sandbox.kernel.routes import Call, Handler, Json
from sandbox.services.iam.members import check_members

MOST_PERMISSIONS = 100
Resource = Callable[[Call], str]
"""Returns the name of the resource that a call is about; raises ApiError 404 where it is missing."""


def get_policy(resource: Resource) -> Handler:
    """Make the handler of getIamPolicy."""

    def handler(call: Call) -> Json:
        return call.cloud.policies.get(resource(call))

    return handler


def set_policy(resource: Resource) -> Handler:
    """Make the handler of setIamPolicy."""

    def handler(call: Call) -> Json:
        policy = call.body.get("policy")
        if not isinstance(policy, dict):
            raise invalid("Missing policy")
        name = resource(call)
        check_members(call.cloud, policy)
        return call.cloud.policies.set(name, policy)

    return handler


def test_permissions(resource: Resource) -> Handler:
    """Make the handler of testIamPermissions: which of these permissions the caller has."""

    def handler(call: Call) -> Json:
        asked = [str(one) for one in call.body.get("permissions") or []]
        if len(asked) > MOST_PERMISSIONS:
            raise invalid(f"At most {MOST_PERMISSIONS} permissions can be tested at once, this has {len(asked)}")
        return {"permissions": held(call, asked, resource(call))}

    return handler


def held(call: Call, permissions: list[str], resource: str) -> list[str]:
    """Return which permissions the caller has on a resource, by its name and that of its project."""
    found = re.match(r"projects/([^/]+)", resource)
    missing = call.cloud.access.missing(call.principal, permissions, found[1] if found else "", (resource,))
    return [one for one in permissions if one not in missing]
