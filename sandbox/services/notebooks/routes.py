"""The paths of the Notebooks API v2."""

from __future__ import annotations

from sandbox.kernel.longrunning import get_operation, list_operations
from sandbox.kernel.request_types import typed
from sandbox.kernel.routes import Route, Service
from sandbox.services.iam.policies import get_policy, set_policy, test_permissions
from sandbox.services.notebooks import handlers
from sandbox.services.notebooks.store import HOST

_LOCATION = "/v2/projects/{project}/locations/{location}"
_INSTANCES = _LOCATION + "/instances"
_INSTANCE = _INSTANCES + "/{instance}"

SERVICE = Service(
    HOST,
    [
        Route("GET", _INSTANCES, handlers.list_),
        Route("POST", _INSTANCES, typed("notebooks", "Instance", handlers.create)),
        Route("GET", _INSTANCE, handlers.get),
        Route("PATCH", _INSTANCE, typed("notebooks", "Instance", handlers.patch)),
        Route("DELETE", _INSTANCE, handlers.delete),
        Route("POST", _INSTANCE + ":start", handlers.start),
        Route("POST", _INSTANCE + ":stop", handlers.stop),
        Route("GET", _INSTANCE + ":getIamPolicy", get_policy(handlers.policy_name)),
        Route("POST", _INSTANCE + ":setIamPolicy", set_policy(handlers.policy_name)),
        Route("POST", _INSTANCE + ":testIamPermissions", test_permissions(handlers.policy_name), reads=True),
        Route("GET", _LOCATION + "/operations", list_operations),
        Route("GET", _LOCATION + "/operations/{operation}", get_operation),
    ],
)
