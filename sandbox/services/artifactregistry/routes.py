"""The paths of Artifact Registry v1."""

from __future__ import annotations

from sandbox.kernel.longrunning import get_operation
from sandbox.kernel.request_types import typed
from sandbox.kernel.routes import Route, Service
from sandbox.services.artifactregistry import handlers
from sandbox.services.iam.policies import get_policy, set_policy, test_permissions

_LOCATION = "/v1/projects/{project}/locations/{location}"
_REPOSITORIES = _LOCATION + "/repositories"
_REPOSITORY = _REPOSITORIES + "/{repository}"

SERVICE = Service(
    handlers.HOST,
    [
        Route("GET", _REPOSITORIES, handlers.list_),
        Route("POST", _REPOSITORIES, typed("artifactregistry", "Repository", handlers.create)),
        Route("GET", _REPOSITORY, handlers.get),
        Route("PATCH", _REPOSITORY, typed("artifactregistry", "Repository", handlers.patch)),
        Route("DELETE", _REPOSITORY, handlers.delete),
        Route("GET", _REPOSITORY + ":getIamPolicy", get_policy(handlers.policy_name)),
        Route("POST", _REPOSITORY + ":setIamPolicy", set_policy(handlers.policy_name)),
        Route("POST", _REPOSITORY + ":testIamPermissions", test_permissions(handlers.policy_name), reads=True),
        Route("GET", _LOCATION + "/operations/{operation}", get_operation),
    ],
)
