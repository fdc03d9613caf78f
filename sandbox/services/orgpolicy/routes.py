"""Organization Policy v2: which policy is in force in a project.

Source: https://cloud.google.com/resource-manager/docs/reference/orgpolicy/rest/v2/projects.policies/getEffectivePolicy
"""

from __future__ import annotations

from sandbox.kernel.errors import not_found
from sandbox.kernel.routes import Call, Json, Route, Service
from sandbox.services.orgpolicy.store import CONSTRAINTS, rule_of

HOST = "orgpolicy.googleapis.com"


def get_effective_policy(call: Call) -> Json:
    """projects.policies.getEffectivePolicy."""
    constraint = call.params["constraint"]
    if constraint not in CONSTRAINTS:
        raise not_found(constraint, f"Constraint constraints/{constraint} was not found")
    number = call.cloud.projects.get(call.project).number
    rule = rule_of(call.cloud, call.project, constraint)
    return {"name": f"projects/{number}/policies/{constraint}", "spec": {"rules": [rule]}}


SERVICE = Service(
    HOST,
    (
        Route(
            "GET",
            "/v2/projects/{project}/policies/{constraint}:getEffectivePolicy",
            get_effective_policy,
            by_consumer=True,
        ),
    ),
)
