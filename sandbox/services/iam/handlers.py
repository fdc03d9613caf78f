"""IAM v1: service accounts, their keys and policies. Source: https://cloud.google.com/iam/docs/reference/rest/v1."""

from __future__ import annotations

from sandbox.kernel.pages import paginate
from sandbox.kernel.routes import Call, Json
from sandbox.services.iam import keys
from sandbox.services.iam.accounts import CHANGEABLE, Accounts
from sandbox.services.orgpolicy.store import require_key_creation

HOST = "iam.googleapis.com"


def account_policy_name(call: Call) -> str:
    """Name the policy of the account in the path."""
    return str(_account(call)["name"])


def create_account(call: Call) -> Json:
    """serviceAccounts.create."""
    account = call.body.get("serviceAccount") or {}
    return Accounts(call.cloud).create(call.project, str(call.body.get("accountId", "")), account)


def get_account(call: Call) -> Json:
    """serviceAccounts.get."""
    return _account(call)


def list_accounts(call: Call) -> Json:
    """serviceAccounts.list."""
    page, token = paginate(Accounts(call.cloud).of_project(call.project), call.query, default=100)
    return ({"accounts": page} if page else {}) | ({"nextPageToken": token} if token else {})


def patch_account(call: Call) -> Json:
    """serviceAccounts.patch."""
    wanted = call.body.get("serviceAccount") or {}
    changes = {key: wanted[key] for key in CHANGEABLE if key in wanted}
    return Accounts(call.cloud).change(_account(call), changes, str(wanted.get("etag", "")))


def update_account(call: Call) -> Json:
    """serviceAccounts.update."""
    changes = {key: call.body[key] for key in CHANGEABLE if key in call.body}
    return Accounts(call.cloud).change(_account(call), changes, str(call.body.get("etag", "")))


def delete_account(call: Call) -> Json:
    """serviceAccounts.delete."""
    Accounts(call.cloud).delete(_account(call))
    return {}


def enable_account(call: Call) -> Json:
    """serviceAccounts.enable."""
    Accounts(call.cloud).change(_account(call), {"disabled": False})
    return {}


def disable_account(call: Call) -> Json:
    """serviceAccounts.disable."""
    Accounts(call.cloud).change(_account(call), {"disabled": True})
    return {}


def create_key(call: Call) -> Json:
    """serviceAccounts.keys.create."""
    require_key_creation(call.cloud, _account(call)["projectId"])
    return keys.create_key(call.cloud, _account(call))


def list_keys(call: Call) -> Json:
    """serviceAccounts.keys.list."""
    return {"keys": keys.list_keys(call.cloud, _account(call))}


def get_key(call: Call) -> Json:
    """serviceAccounts.keys.get."""
    return keys.get_key(call.cloud, _account(call), call.params["key"])


def delete_key(call: Call) -> Json:
    """serviceAccounts.keys.delete."""
    keys.delete_key(call.cloud, _account(call), call.params["key"])
    return {}


def disable_key(call: Call) -> Json:
    """serviceAccounts.keys.disable."""
    keys.set_disabled(call.cloud, _account(call), call.params["key"], is_disabled=True)
    return {}


def enable_key(call: Call) -> Json:
    """serviceAccounts.keys.enable."""
    keys.set_disabled(call.cloud, _account(call), call.params["key"], is_disabled=False)
    return {}


def _account(call: Call) -> Json:
    return Accounts(call.cloud).find(call.project, call.params["account"])
