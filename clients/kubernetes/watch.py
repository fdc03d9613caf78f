"""Watch the objects of a kind: as they are now, then again after each change. No polling.

Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping
from typing import Any

from clients.kubernetes.discovery import Resource
from clients.kubernetes.objects import Objects
from environment.errors import KubernetesError, TransientError
from environment.objects import ObjectReference, reference_of

QUIET_SECONDS = 20.0
# Not at full speed against a server that is down, or that ends every watch at once.
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
Snapshot = dict[ObjectReference, dict[str, Any]]


def watch(
    objects: Objects, resource: Resource, namespace: str, query: Mapping[str, str], *, timeout_seconds: float
) -> Iterator[Snapshot]:
    """Yield all objects by reference: now, after each change, and at least every QUIET_SECONDS while it can ask.

    Ends when the time is up. A version that the server has forgotten (410) and a lost connection are answered by
    listing again, until then: the control plane of a zonal cluster is away for minutes while Google upgrades it.

    Raises:
        TransientError: When the time is up and the server does not answer.
        KubernetesError: When it refuses.
    """
    deadline = time.monotonic() + timeout_seconds
    version = ""
    found: Snapshot = {}
    pause = FIRST_PAUSE_SECONDS
    while True:
        began, before = time.monotonic(), version
        try:
            if not version:
                listing = objects.list(resource, namespace, query)
                found = {reference_of(item): item for item in listing.items}
                version = before = listing.resource_version
            yield found
            if (remaining := deadline - time.monotonic()) <= 0:
                return
            seconds = min(remaining, QUIET_SECONDS)
            version = yield from _follow(objects, resource, namespace, query, found, version, seconds)
        except TransientError:
            version = ""
            if time.monotonic() >= deadline:
                raise
        if version not in ("", before) or time.monotonic() - began > LONGEST_PAUSE_SECONDS:
            pause = FIRST_PAUSE_SECONDS
        else:
            time.sleep(max(0.0, min(pause, deadline - time.monotonic())))
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


def _follow(
    objects: Objects,
    resource: Resource,
    namespace: str,
    query: Mapping[str, str],
    found: Snapshot,
    version: str,
    seconds: float,
) -> Generator[Snapshot, None, str]:
    """Take changes into `found` and yield it after each; return the version to go on from, "" to list again."""
    asked = {
        **query,
        "watch": "true",
        "resourceVersion": version,
        "allowWatchBookmarks": "true",
        "timeoutSeconds": str(max(1, round(seconds))),
    }
    try:
        with objects.cluster.stream(resource.path(namespace), asked, read_seconds=seconds + 5) as events:
            for event in events:
                changed = event["object"]
                if event["type"] == "ERROR":
                    return _after_error(changed, resource)
                version = changed["metadata"]["resourceVersion"]
                if event["type"] == "BOOKMARK":
                    continue
                if event["type"] == "DELETED":
                    found.pop(reference_of(changed), None)
                else:
                    found[reference_of(changed)] = changed
                yield found
    except KubernetesError as error:
        if error.status == 410:
            return ""
        raise
    return version


def _after_error(status: Mapping[str, Any], resource: Resource) -> str:
    if status.get("code") in (410, 500, 504):
        return ""
    raise KubernetesError(f"could not watch {resource.plural}: {status.get('message')}", status=status.get("code", 0))
