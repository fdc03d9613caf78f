"""What was done to resources of Compute Engine and Cloud SQL, and by whom: the newest operations of each place.

Sources: https://cloud.google.com/compute/docs/reference/rest/v1/globalOperations/list,
https://cloud.google.com/sql/docs/mysql/admin-api/rest/v1beta4/operations/list
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from clients.addresses import Addresses
from clients.discovery_api import open_api
from clients.google_errors import google_errors
from environment.authors import Operation, relative

NEWEST_FIRST = "creationTimestamp desc"
PAGE = 500  # of Compute Engine; one page of the newest is enough to look at
_LISTS = {"global": "globalOperations", "regions": "regionOperations", "zones": "zoneOperations"}


def read_operations(addresses: Addresses, project_id: str, places: Iterable[str]) -> tuple[Operation, ...]:
    """Return the newest operations around some places ("projects/P/regions/R/routers/N", "projects/P/instances/I")."""
    scopes = sorted({_scope(place) for place in places})
    compute = [scope for scope in scopes if scope[0] in _LISTS]
    instances = [name for kind, name in scopes if kind == "instances"]
    with google_errors("list operations", project_id):
        found = [*_of_compute(addresses, project_id, compute)] if compute else []
        for instance in instances:
            found += _of_sql(addresses, project_id, instance)
    return tuple(found)


def _scope(place: str) -> tuple[str, str]:
    kind, name = place.split("/")[2:4]
    return (kind, "") if kind == "global" else (kind, name)


def _of_compute(addresses: Addresses, project_id: str, scopes: Iterable[tuple[str, str]]) -> Iterator[Operation]:
    with open_api(addresses, project_id, "compute", "v1") as api:
        for kind, name in scopes:
            where = {kind.removesuffix("s"): name} if name else {}
            listing = getattr(api, _LISTS[kind])().list(
                project=project_id, orderBy=NEWEST_FIRST, maxResults=PAGE, **where
            )
            yield from map(_operation, listing.execute().get("items", ()))


def _of_sql(addresses: Addresses, project_id: str, instance: str) -> Iterator[Operation]:
    with open_api(addresses, project_id, "sqladmin", "v1beta4") as api:
        answer = api.operations().list(project=project_id, instance=instance).execute()
        yield from map(_operation, answer.get("items", ()))


def _operation(document: dict[str, Any]) -> Operation:
    return Operation(
        place=relative(document.get("targetLink", "")),
        verb=document.get("operationType", ""),
        user=document.get("user", ""),
        time=document["insertTime"],
    )
