"""The methods of Resource Manager."""

from __future__ import annotations

from sandbox.kernel.routes import Route, Service
from sandbox.services.cloudresourcemanager import handlers
from sandbox.services.iam.policies import get_policy, set_policy, test_permissions


def _policy_routes(version: str) -> tuple[Route, ...]:
    project = f"/{version}/projects/{{project}}"
    return (
        Route("POST", f"{project}:getIamPolicy", get_policy(handlers.project_policy_name), reads=True),
        Route("POST", f"{project}:setIamPolicy", set_policy(handlers.project_policy_name)),
        Route(
            "POST",
            f"{project}:testIamPermissions",
            test_permissions(handlers.active_policy_name),
            reads=True,
            by_consumer=True,
        ),
    )


SERVICE = Service(
    handlers.HOST,
    (
        Route("GET", "/v1/projects", handlers.list_projects),
        Route("GET", "/v1/projects/{project}", handlers.get_project),
        Route("GET", "/v3/projects/{project}", handlers.get_project_v3, by_consumer=True),
        *_policy_routes("v1"),
        *_policy_routes("v3"),
    ),
)
