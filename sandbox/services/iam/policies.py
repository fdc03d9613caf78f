"""getIamPolicy, setIamPolicy and testIamPermissions, alike for every resource that carries a policy."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.kernel.errors import invalid
from sandbox.kernel.routes import Call, Handler, Json
from sandbox.services.iam.members import check_members

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


def test_permissions(call: Call) -> Json:
    """testIamPermissions: the sandbox's one principal is an owner and has them all."""
    return {"permissions": call.body.get("permissions") or []}
