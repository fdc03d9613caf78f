"""The methods of IAM v1."""

from __future__ import annotations

from sandbox.kernel.routes import Route, Service
from sandbox.services.iam import handlers
from sandbox.services.iam.policies import get_policy, set_policy, test_permissions

_ACCOUNTS = "/v1/projects/{project}/serviceAccounts"
_ACCOUNT = f"{_ACCOUNTS}/{{account}}"
SERVICE = Service(
    handlers.HOST,
    (
        Route("GET", _ACCOUNTS, handlers.list_accounts),
        Route("POST", _ACCOUNTS, handlers.create_account),
        Route("GET", _ACCOUNT, handlers.get_account),
        Route("PATCH", _ACCOUNT, handlers.patch_account),
        Route("PUT", _ACCOUNT, handlers.update_account),
        Route("DELETE", _ACCOUNT, handlers.delete_account),
        Route("POST", f"{_ACCOUNT}:enable", handlers.enable_account),
        Route("POST", f"{_ACCOUNT}:disable", handlers.disable_account),
        Route("POST", f"{_ACCOUNT}:getIamPolicy", get_policy(handlers.account_policy_name), reads=True),
        Route("POST", f"{_ACCOUNT}:setIamPolicy", set_policy(handlers.account_policy_name)),
        Route("POST", f"{_ACCOUNT}:testIamPermissions", test_permissions(handlers.account_policy_name), reads=True),
        Route("GET", f"{_ACCOUNT}/keys", handlers.list_keys),
        Route("POST", f"{_ACCOUNT}/keys", handlers.create_key),
        Route("GET", f"{_ACCOUNT}/keys/{{key}}", handlers.get_key),
        Route("DELETE", f"{_ACCOUNT}/keys/{{key}}", handlers.delete_key),
        Route("POST", f"{_ACCOUNT}/keys/{{key}}:disable", handlers.disable_key),
        Route("POST", f"{_ACCOUNT}/keys/{{key}}:enable", handlers.enable_key),
    ),
)
