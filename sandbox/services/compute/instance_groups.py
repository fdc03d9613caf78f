"""Requests about instance groups: the members' side of instance group managers, which alone are stored.

Source: https://cloud.google.com/compute/docs/reference/rest/v1/instanceGroups
"""

from __future__ import annotations

from typing import Any

from sandbox.kernel.errors import not_found
from sandbox.kernel.pages import paginate
from sandbox.kernel.resources import Document, Resources
from sandbox.kernel.routes import Call
from sandbox.services.compute.filters import matcher
from sandbox.services.compute.geography import require_scope
from sandbox.services.compute.groups import GROUPS
from sandbox.services.compute.references import HOST, absolute

Json = dict[str, Any]


def list_(call: Call) -> Json:
    """Answer the groups of a zone."""
    zone = f"zones/{call.params['zone']}"
    require_scope(zone)
    matches = matcher(call.query.get("filter", ""))
    found = Resources(call.cloud, GROUPS.collection).items(f"projects/{call.project}/{zone}/")
    shown = [_view(call, manager) for _, manager in found]
    page, token = paginate([one for one in shown if matches(one)], call.query, size_key="maxResults")
    body: Json = {"kind": "compute#instanceGroupList", "selfLink": call.cloud.link(HOST, call.path)}
    if page:
        body["items"] = page
    return {**body, "nextPageToken": token} if token else body


def get(call: Call) -> Json:
    """Answer a group."""
    base = f"projects/{call.project}/zones/{call.params['zone']}"
    manager = Resources(call.cloud, GROUPS.collection).get(f"{base}/{GROUPS.plural}/{call.params['name']}")
    if manager is None:
        path = f"{base}/instanceGroups/{call.params['name']}"
        raise not_found(path, f"The resource '{path}' was not found")
    return _view(call, manager)


def _view(call: Call, manager: Document) -> Json:
    shown = {
        "kind": "compute#instanceGroup",
        "id": manager["id"],
        "name": manager["name"],
        "creationTimestamp": manager["creationTimestamp"],
        "size": manager["targetSize"],
        "zone": f"projects/{call.project}/zones/{call.params['zone']}",
        "selfLink": manager["instanceGroup"],
    }
    return dict(absolute(call.cloud, shown))
