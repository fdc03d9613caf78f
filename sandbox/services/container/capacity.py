"""Zones without capacity: what GKE says of a cluster or a node pool whose machines it could not get.

The operation ends in an error, and what it was to make stays, in ERROR, with the condition GCE_STOCKOUT.

Source: https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters (StatusCondition)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import invalid
from sandbox.kernel.resources import Document
from sandbox.services.compute.geography import is_zone

Json = dict[str, Any]
COLLECTION = "stockouts"
_RESOURCE_EXHAUSTED = 8
"""google.rpc.Code, as operations carry it."""


def set_capacity(cloud: Cloud, zone: str, *, is_available: bool) -> None:
    """Take a zone's capacity away, or give it back.

    Raises:
        ApiError: 400 for what is no zone.
    """
    if not is_zone(zone):
        raise invalid(f"zone: '{zone}' is none")
    if is_available:
        cloud.store.delete(COLLECTION, zone)
    else:
        cloud.store.put(COLLECTION, zone, {})


def stock_out(cloud: Cloud, zones: Iterable[str]) -> str:
    """Return what GKE says where one of the zones has no capacity, "" where all have."""
    short = [zone for zone in zones if cloud.store.get(COLLECTION, zone) is not None]
    if not short:
        return ""
    return (
        "Try a different location, or try again later: Google Compute Engine does not have enough resources available "
        f"to fulfill request: {', '.join(short)}."
    )


def view_failure(document: Document) -> Json:
    """Return the fields by which an answer says that a creation failed, none where it did not."""
    message = document.get("failure", "")
    if not message:
        return {}
    condition = {"code": "GCE_STOCKOUT", "canonicalCode": "RESOURCE_EXHAUSTED", "message": message}
    return {"status": "ERROR", "statusMessage": message, "conditions": [condition]}


def operation_error(document: Document) -> Json | None:
    """Return the error of the operation that was to make it."""
    message = document.get("failure", "")
    return {"code": _RESOURCE_EXHAUSTED, "message": message} if message else None
