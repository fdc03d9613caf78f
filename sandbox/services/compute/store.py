"""The resources of Compute Engine and the rules that hold for all kinds: names, existence, fingerprints."""

from __future__ import annotations

import re
from typing import Any

from sandbox.kernel.bodies import without_nulls
from sandbox.kernel.clock import rfc3339
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import ApiError, already_exists, in_use, invalid, not_found
from sandbox.kernel.resources import Document, Resources, fingerprint, is_ready, public
from sandbox.services.compute.geography import require_scope
from sandbox.services.compute.kinds import Kind
from sandbox.services.compute.references import Reference, absolute, parse, relative
from sandbox.services.orgpolicy.store import require_location

Json = dict[str, Any]
_SERVERS = ("kind", "id", "selfLink", "selfLinkWithId", "creationTimestamp", "region", "zone", "status")
_KEPT: tuple[str, ...] = ("id", "creationTimestamp", "ready_at", "name", "status")
NAME = r"(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)"


def read(cloud: Cloud, reference: Reference) -> Document:
    """Return a resource as it is stored.

    Raises:
        ApiError: 404.
    """
    found = Resources(cloud, f"compute.{reference.plural}").get(reference.path)
    if found is None:
        raise not_found(reference.path, f"The resource '{reference.path}' was not found")
    return found


def read_ready(cloud: Cloud, reference: Reference) -> Document:
    """Return a resource that another is about to use.

    Raises:
        ApiError: 404, or 400 resourceNotReady while it is under creation.
    """
    found = read(cloud, reference)
    if not is_ready(cloud, found):
        raise invalid(f"The resource '{reference.path}' is not ready", reason="resourceNotReady")
    return found


def find_network(cloud: Cloud, project: str, text: str) -> str:
    """Return the relative name of a network that a body refers to.

    Raises:
        ApiError: 404 where there is none.
    """
    reference = parse(cloud, project, text, "networks")
    read_ready(cloud, reference)
    return reference.path


def find_subnetwork(cloud: Cloud, project: str, text: str, region: str) -> tuple[str, Document]:
    """Return the relative name and the document of a subnetwork that a body refers to.

    Raises:
        ApiError: 404 where there is none.
    """
    reference = parse(cloud, project, text, "subnetworks", f"regions/{region}")
    return reference.path, read_ready(cloud, reference)


def insert(cloud: Cloud, kind: Kind, reference: Reference, body: Json) -> Document:
    """Make a resource.

    Raises:
        ApiError: 400 for a bad body, 404 for a missing reference, 409 where it exists.
    """
    body = writable(without_nulls(body))
    require_scope(reference.scope)
    if reference.place:
        require_location(cloud, reference.project, reference.place)
    if not re.fullmatch(NAME, reference.name):
        raise invalid(f"Invalid value for field 'resource.name': '{reference.name}'. Must be a match of regex '{NAME}'")
    resources = Resources(cloud, kind.collection)
    with cloud.store.transaction():
        if resources.get(reference.path) is not None:
            raise already_exists(reference.path, f"The resource '{reference.path}' already exists")
        document = kind.prepare(cloud, reference, body)
        now = cloud.clock.now()
        document = {
            **document,
            "id": cloud.clock.numeric_id(),
            "creationTimestamp": rfc3339(now),
            "ready_at": now + cloud.latency.pace(kind.insert_seconds),
        }
        resources.put(reference.path, stamped(document))
    return document


def change(cloud: Cloud, kind: Kind, reference: Reference, wanted: Json) -> None:
    """Replace a resource by a changed one, after the kind's rules.

    Raises:
        ApiError: 400 where the change is not allowed, 404 where it is missing.
    """
    with cloud.store.transaction():
        before = read_ready(cloud, reference)
        changed = kind.change(cloud, reference, before, wanted)
        kept = {key: before[key] for key in _KEPT if key in before}
        Resources(cloud, kind.collection).put(reference.path, stamped({**changed, **kept}))


def delete(cloud: Cloud, kind: Kind, reference: Reference) -> None:
    """Remove a resource.

    Raises:
        ApiError: 400 while another uses it, 404 where it is missing.
    """
    with cloud.store.transaction():
        document = read(cloud, reference)
        for user in kind.users(cloud, reference, document):
            raise in_use(kind.singular, reference.path, user)
        kind.removed(cloud, reference, document)
        gone_at = cloud.clock.now() + cloud.latency.pace(kind.delete_seconds)
        Resources(cloud, kind.collection).remove(reference.path, gone_at)


def writable(body: Json) -> Json:
    """Return what of a body can be stored: by relative names, without what only the server sets."""
    return {key: value for key, value in relative(body).items() if key not in _SERVERS}


def stamped(document: Document) -> Document:
    """Give a resource that has fingerprints its new ones."""
    result = dict(document)
    if "labelFingerprint" in result:
        result["labelFingerprint"] = fingerprint(result.get("labels", {}))
    if "fingerprint" in result:
        result["fingerprint"] = fingerprint({key: value for key, value in result.items() if key != "fingerprint"})
    return result


def view(cloud: Cloud, kind: Kind, reference: Reference, document: Document) -> Json:
    """Return a resource as answers show it."""
    shown: Json = {**public(kind.view(cloud, reference, document)), "kind": kind.kind, "selfLink": reference.path}
    scope, _, place = reference.scope.partition("/")
    if place:
        shown[scope.removesuffix("s")] = f"projects/{reference.project}/{reference.scope}"
    return dict(absolute(cloud, shown))


def require_fingerprint(body: Json, key: str, current: str, message: str) -> None:
    """Refuse a change that was made from a stale copy.

    Raises:
        ApiError: 412 conditionNotMet.
    """
    if body.get(key) != current:
        raise ApiError(412, message, reason="conditionNotMet")
