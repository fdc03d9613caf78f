"""Which call to a cluster could change something, for the sandbox's call log.

Reads, dry runs, access reviews and refused requests change nothing; neither do the cluster's own
calls.
"""

import re
from collections.abc import Mapping
from typing import Protocol

CONTROLLER = "controller"
USER = "user"

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_REVIEWS = re.compile(
    r"/apis/(authorization|authentication)\.k8s\.io/v\d[a-z0-9]*/(namespaces/[^/]+/)?"
    r"(self|local)?(subject(access|rules)?reviews|tokenreviews)$"
)


class CallLog(Protocol):
    """Where every request to the sandbox is written down."""

    def record(
        self, *, method: str, service: str, path: str, status: int, ms: float, mutating: bool, actor: str
    ) -> None:
        """Write one request down."""


def is_mutating(
    method: str, path: str, query: Mapping[str, list[str]], *, status: int, actor: str, is_dry_run: bool
) -> bool:
    """Say whether a call could have changed an object of the cluster."""
    if method in _READS or actor == CONTROLLER or status >= 400:
        return False
    if is_dry_run or "All" in query.get("dryRun", []):
        return False
    return _REVIEWS.search(path) is None
