"""Secret Manager v1. Source: https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets."""

from __future__ import annotations

from sandbox.kernel.errors import invalid
from sandbox.kernel.pages import paginate
from sandbox.kernel.routes import Call, Handler, Json
from sandbox.services.secretmanager.secrets import Secrets

HOST = "secretmanager.googleapis.com"


def secret_policy_name(call: Call) -> str:
    """Name the policy of the secret in the path."""
    return str(_secrets(call).get(call.params["secret"])["name"])


def create_secret(call: Call) -> Json:
    """secrets.create."""
    return _secrets(call).create(call.query.get("secretId", ""), call.body)


def get_secret(call: Call) -> Json:
    """secrets.get."""
    return _secrets(call).get(call.params["secret"])


def list_secrets(call: Call) -> Json:
    """secrets.list."""
    found = _secrets(call).all()
    page, token = paginate(found, call.query)
    return {"secrets": page, "totalSize": len(found)} | ({"nextPageToken": token} if token else {})


def patch_secret(call: Call) -> Json:
    """secrets.patch."""
    mask = [field for field in call.query.get("updateMask", "").split(",") if field]
    return _secrets(call).change(call.params["secret"], call.body, mask)


def delete_secret(call: Call) -> Json:
    """secrets.delete."""
    _secrets(call).delete(call.params["secret"])
    return {}


def add_version(call: Call) -> Json:
    """secrets.addVersion."""
    return _secrets(call).add_version(call.params["secret"], (call.body.get("payload") or {}).get("data", ""))


def get_version(call: Call) -> Json:
    """secrets.versions.get."""
    return _secrets(call).get_version(call.params["secret"], call.params["version"])


def list_versions(call: Call) -> Json:
    """secrets.versions.list, newest first, with `filter=state:ENABLED` or another state."""
    found = _secrets(call).list_versions(call.params["secret"])
    key, _, state = call.query.get("filter", "").replace(" ", "").partition(":")
    if key not in ("", "state"):
        raise invalid(f"Invalid filter: {call.query['filter']}")
    if state:
        found = [version for version in found if version["state"] == state]
    page, token = paginate(found, call.query)
    return {"versions": page, "totalSize": len(found)} | ({"nextPageToken": token} if token else {})


def access_version(call: Call) -> Json:
    """secrets.versions.access."""
    return _secrets(call).access(call.params["secret"], call.params["version"])


def set_state(state: str) -> Handler:
    """Make the handler of versions.enable, disable or destroy."""

    def handler(call: Call) -> Json:
        return _secrets(call).set_state(call.params["secret"], call.params["version"], state)

    return handler


def _secrets(call: Call) -> Secrets:
    return Secrets(call.cloud, call.project)
