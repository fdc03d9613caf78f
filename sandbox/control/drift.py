"""Named changes behind a tool's back, as a colleague with the console would make them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import invalid, not_found

Json = dict[str, Any]


def make_drift(cloud: Cloud, body: Json) -> Json:
    """Make the change that `name` names; its further fields say where.

    Raises:
        ApiError: 400 for an unknown name, 404 where its object is missing.
    """
    change = _CHANGES.get(str(body.get("name")))
    if change is None:
        raise invalid(f"unknown drift {body.get('name')!r}: known are {', '.join(sorted(_CHANGES))}")
    return {"changed": change(cloud, body)}


def _service_off(cloud: Cloud, body: Json) -> str:
    """`project`, `service`: turn an API off."""
    cloud.projects.disable(str(body["project"]), str(body["service"]))
    return f"{body['service']} of {body['project']}"


def _field(cloud: Cloud, body: Json) -> str:
    """`collection`, `document`, `path` (dotted), `value`: set a field of any stored document."""
    collection, name = str(body["collection"]), str(body["document"])
    with cloud.store.transaction():
        document = cloud.store.get(collection, name)
        if document is None:
            raise not_found(f"{collection}/{name}")
        *parents, last = str(body["path"]).split(".")
        below: Any = document
        for parent in parents:
            below = below[int(parent)] if isinstance(below, list) else below.setdefault(parent, {})
        below[last] = body.get("value")
        cloud.store.put(collection, name, document)
    return f"{name}: {body['path']}"


def _there(cloud: Cloud, body: Json) -> str:
    """`collection`, `document`, `value`: put a document, as something is there that nobody made through an API."""
    collection, name, value = str(body["collection"]), str(body["document"]), body.get("value")
    if not isinstance(value, dict):
        raise invalid("value: give the document, a JSON object")
    cloud.store.put(collection, name, value)
    return name


def _gone(cloud: Cloud, body: Json) -> str:
    """`collection`, `document`: remove a stored document."""
    collection, name = str(body["collection"]), str(body["document"])
    if not cloud.store.delete(collection, name):
        raise not_found(f"{collection}/{name}")
    return name


def _unbind(cloud: Cloud, body: Json) -> str:
    """`resource`, `role`, `member`: take a member out of an IAM binding."""
    resource = str(body["resource"])
    policy = cloud.policies.get(resource)
    for binding in policy.get("bindings", []):
        if binding["role"] == body["role"]:
            binding["members"] = [member for member in binding["members"] if member != body["member"]]
    cloud.policies.set(resource, policy)
    return f"{resource}: {body['role']} of {body['member']}"


_CHANGES: dict[str, Callable[[Cloud, Json], str]] = {
    "there": _there,
    "service-off": _service_off,
    "field": _field,
    "gone": _gone,
    "unbind": _unbind,
}
