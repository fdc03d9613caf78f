"""The methods of Secret Manager v1."""

from __future__ import annotations

from sandbox.kernel.routes import Route, Service
from sandbox.services.iam.policies import get_policy, set_policy, test_permissions
from sandbox.services.secretmanager import handlers

_SECRETS = "/v1/projects/{project}/secrets"
_SECRET = f"{_SECRETS}/{{secret}}"
_VERSION = f"{_SECRET}/versions/{{version}}"
SERVICE = Service(
    handlers.HOST,
    (
        Route("GET", _SECRETS, handlers.list_secrets),
        Route("POST", _SECRETS, handlers.create_secret),
        Route("GET", _SECRET, handlers.get_secret),
        Route("PATCH", _SECRET, handlers.patch_secret),
        Route("DELETE", _SECRET, handlers.delete_secret),
        Route("POST", f"{_SECRET}:addVersion", handlers.add_version),
        Route("GET", f"{_SECRET}:getIamPolicy", get_policy(handlers.secret_policy_name)),
        Route("POST", f"{_SECRET}:setIamPolicy", set_policy(handlers.secret_policy_name)),
        Route("POST", f"{_SECRET}:testIamPermissions", test_permissions(handlers.secret_policy_name), reads=True),
        Route("GET", f"{_SECRET}/versions", handlers.list_versions),
        Route("GET", _VERSION, handlers.get_version),
        Route("GET", f"{_VERSION}:access", handlers.access_version),
        Route("POST", f"{_VERSION}:enable", handlers.set_state("ENABLED")),
        Route("POST", f"{_VERSION}:disable", handlers.set_state("DISABLED")),
        Route("POST", f"{_VERSION}:destroy", handlers.set_state("DESTROYED")),
    ),
)
