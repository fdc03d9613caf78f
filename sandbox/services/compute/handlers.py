"""Requests about the resources of Compute Engine v1: get, list, aggregated list, insert, patch, update, delete.

Sources: https://cloud.google.com/compute/docs/reference/rest/v1 (networks, subnetworks, globalAddresses, addresses,
routers, firewalls, instanceGroupManagers, forwardingRules, disks, networkEndpointGroups)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.kernel import operation_shapes
from sandbox.kernel.bodies import field, merged, without_nulls
from sandbox.kernel.errors import invalid
from sandbox.kernel.pages import paginate
from sandbox.kernel.resources import Resources
from sandbox.kernel.routes import Call
from sandbox.services.compute import store
from sandbox.services.compute.catalogue import KINDS
from sandbox.services.compute.filters import matcher
from sandbox.services.compute.geography import require_scope
from sandbox.services.compute.references import HOST, Reference, reference_of
from sandbox.services.compute.subnetworks import expanded

Json = dict[str, Any]
_CHANGE_SECONDS = 7.0


def get(call: Call) -> Json:
    """Answer one resource."""
    reference = reference_of(call)
    return store.view(call.cloud, KINDS[reference.plural], reference, store.read(call.cloud, reference))


def list_(call: Call) -> Json:
    """Answer the resources of one kind in one place."""
    reference = reference_of(call)
    require_scope(reference.scope)
    shown = _shown(call, reference, reference.collection_path)
    page, token = paginate(shown, call.query, size_key="maxResults")
    return _listed(call, KINDS[reference.plural].kind + "List", reference.collection_path, page, token)


def list_aggregated(call: Call) -> Json:
    """Answer the resources of one kind in all places of a project, by place."""
    plural = call.path.rsplit("/", 1)[-1]
    reference = Reference(call.project, "aggregated", plural)
    shown = _shown(call, reference, f"projects/{call.project}/")
    page, token = paginate(shown, call.query, size_key="maxResults")
    places: dict[str, Json] = {}
    for one in page:
        place = one["selfLink"].partition("/projects/")[2].split("/", 1)[1].partition(f"/{plural}/")[0]
        places.setdefault(place, {plural: []})[plural].append(one)
    return {
        **_listed(
            call, KINDS[plural].kind + "AggregatedList", f"projects/{call.project}/aggregated/{plural}", [], token
        ),
        "items": places,
    }


def insert(call: Call) -> Json:
    """Make a resource."""
    reference = reference_of(call, field(call.body, "name", str, ""))
    kind = KINDS[reference.plural]
    store.insert(call.cloud, kind, reference, call.body)
    return operation(call, "insert", reference, kind.insert_seconds)


def patch(call: Call) -> Json:
    """Change the fields that the body has."""
    body = store.writable(call.body)
    return _change(call, "patch", lambda before: merged(_fresh(call, before), body))


def update(call: Call) -> Json:
    """Replace the resource by the body."""
    body = store.writable(without_nulls(call.body))
    return _change(call, "update", lambda before: {"network": before["network"], **body})


def delete(call: Call) -> Json:
    """Remove a resource that nothing uses."""
    reference = reference_of(call)
    kind = KINDS[reference.plural]
    store.delete(call.cloud, kind, reference)
    return operation(call, "delete", reference, kind.delete_seconds)


def set_labels(call: Call) -> Json:
    """Replace the labels, if the fingerprint is the present one."""
    labels = field(call.body, "labels", dict, {})

    def edit(before: Json) -> Json:
        message = "Labels fingerprint either invalid or resource labels have changed"
        store.require_fingerprint(call.body, "labelFingerprint", before["labelFingerprint"], message)
        return {**before, "labels": labels}

    return _change(call, "setLabels", edit)


def expand_ip_cidr_range(call: Call) -> Json:
    """Widen the primary range of a subnetwork."""
    wider = field(call.body, "ipCidrRange", str, "")
    return _change(call, "expandIpCidrRange", lambda before: expanded(before, wider))


def set_private_ip_google_access(call: Call) -> Json:
    """Switch access to Google's APIs from private addresses; a missing value is false."""
    access = field(call.body, "privateIpGoogleAccess", bool, False)
    return _change(call, "setPrivateIpGoogleAccess", lambda before: {**before, "privateIpGoogleAccess": access})


def remove_peering(call: Call) -> Json:
    """Cut a peering of a network from its side; the other side does not learn of it."""
    reference = reference_of(call)
    name = field(call.body, "name", str, "")

    def edit(before: Json) -> Json:
        peerings = before.get("peerings", [])
        left = [one for one in peerings if one["name"] != name]
        if len(left) == len(peerings):
            raise invalid(f"There is no peering connection '{name}' in network '{reference.path}'.")
        return {**before, "peerings": left}

    return _change(call, "removePeering", edit)


def operation(call: Call, verb: str, reference: Reference, seconds: float) -> Json:
    """Begin an operation on a resource and answer it."""
    begun = call.cloud.operations.start(
        HOST,
        call.project,
        verb=verb,
        target=reference.link(call.cloud),
        scope=reference.scope,
        real_seconds=seconds,
    )
    base = call.cloud.link(HOST, f"/compute/v1/projects/{call.project}")
    return operation_shapes.compute(begun, base, done=call.cloud.operations.is_done(begun))


def _change(call: Call, verb: str, edit: Callable[[Json], Json]) -> Json:
    reference = reference_of(call)
    with call.cloud.store.transaction():
        before = store.read(call.cloud, reference)
        store.change(call.cloud, KINDS[reference.plural], reference, edit(before))
    return operation(call, verb, reference, _CHANGE_SECONDS)


def _fresh(call: Call, before: Json) -> Json:
    if "fingerprint" in before:
        message = "Supplied fingerprint does not match current metadata fingerprint."
        store.require_fingerprint(call.body, "fingerprint", before["fingerprint"], message)
    return before


def _shown(call: Call, reference: Reference, prefix: str) -> list[Json]:
    kind = KINDS[reference.plural]
    matches = matcher(call.query.get("filter", ""))
    shown = []
    for name, document in Resources(call.cloud, kind.collection).items(prefix):
        scope = name.split("/", 2)[2].partition(f"/{reference.plural}/")[0]
        place = Reference(call.project, scope, reference.plural, name.rsplit("/", 1)[-1])
        shown.append(store.view(call.cloud, kind, place, document))
    return [one for one in shown if matches(one)]


def _listed(call: Call, kind: str, path: str, items: list[Json], token: str) -> Json:
    body: Json = {
        "kind": kind,
        "id": path.rstrip("/"),
        "items": items,
        "selfLink": call.cloud.link(HOST, f"/compute/v1/{path.rstrip('/')}"),
    }
    if not items:
        del body["items"]
    if token:
        body["nextPageToken"] = token
    return body
