"""Who has changed infrastructure: Compute Engine and Cloud SQL name the user of each operation, for some weeks.

Nobody else does. GKE's operations have no user, buckets, accounts and IAM policies have no operations: of those only
the audit log knows, which takes a role of its own. What is not known is left out, and never guessed.

Sources: https://cloud.google.com/compute/docs/reference/rest/v1/globalOperations (`user`, `targetLink`),
https://cloud.google.com/sql/docs/mysql/admin-api/rest/v1beta4/operations
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

INSTANCE_CHANGES = frozenset({"UPDATE", "DELETE"})  # of Cloud SQL; backups and users have verbs of their own
USER_DELETED = frozenset({"DELETE_USER"})


class Operation(BaseModel):
    """What somebody did; `place` is "projects/P/global/firewalls/F", `time` is RFC 3339."""

    model_config = ConfigDict(frozen=True)

    place: str
    verb: str
    user: str
    time: str


def relative(link: str) -> str:
    """Return the part of a resource's link that is the same at every address: "projects/P/…"."""
    _, found, rest = link.partition("/projects/")
    return f"projects/{rest}" if found else ""


def place_of(resource_type: str, values: Mapping[str, Any]) -> str:
    """Return where operations on a resource of the state are to be found, empty where no user is named."""
    if resource_type == "google_compute_router_nat":  # a part of its router
        return "projects/{project}/regions/{region}/routers/{router}".format_map(values)
    named = resource_type.startswith(("google_compute_", "google_sql_database_instance"))
    return relative(str(values.get("self_link") or "")) if named else ""


def instance_place(project_id: str, instance: str) -> str:
    """Return the place of a Cloud SQL instance."""
    return f"projects/{project_id}/instances/{instance}"


def authors(
    operations: Iterable[Operation], place: str, since: str, verbs: frozenset[str] = INSTANCE_CHANGES
) -> tuple[str, ...]:
    """Return "USER at TIME", the last time of each user.

    Args:
        operations: All that are known.
        place: Of the resource.
        since: RFC 3339. What was done before is not meant: it was us.
        verbs: What counts as a change of a Cloud SQL instance; of Compute Engine all does.
    """
    last = dict[str, str]()
    for one in operations:
        is_meant = one.place == place and ("/instances/" not in place or one.verb in verbs)
        if is_meant and datetime.fromisoformat(one.time) > datetime.fromisoformat(since):
            last[one.user] = max(one.time, last.get(one.user, since), key=datetime.fromisoformat)
    return tuple(f"{user} at {time}" for user, time in sorted(last.items()))
