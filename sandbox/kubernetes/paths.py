"""Where a request's path leads: a group and version, a namespace, a resource, a name, a subresource.

Source: the API's URL conventions, `/api/v1/…` for the core group and `/apis/GROUP/VERSION/…` for the others.
"""

from __future__ import annotations

from dataclasses import dataclass

# Namespaces' own subresources; any other word after /namespaces/NAME/ is a resource inside of it.
_NAMESPACE_SUBRESOURCES = frozenset({"status", "finalize"})


@dataclass(frozen=True)
class Target:
    """What a path names. Empty strings stand for parts that it does not have."""

    group: str
    version: str
    resource: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    rest: str = ""


def parse_target(path: str) -> Target | None:
    """Take the path of a resource apart, or return None for a path that is none (discovery, health, …)."""
    parts = path.strip("/").split("/")
    if len(parts) >= 3 and parts[0] == "api":
        return _parse_resource("", parts[1], parts[2:])
    if len(parts) >= 4 and parts[0] == "apis":
        return _parse_resource(parts[1], parts[2], parts[3:])
    return None


def _parse_resource(group: str, version: str, parts: list[str]) -> Target:
    namespace = ""
    # The real server also takes /watch/… of old; nothing has used it since 1.11.
    if parts[0] == "namespaces" and len(parts) > 2 and parts[2] not in _NAMESPACE_SUBRESOURCES:
        namespace, parts = parts[1], parts[2:]
    resource, name, subresource, *rest = [*parts, "", "", ""]
    return Target(group, version, resource, namespace, name, subresource, "/".join(part for part in rest if part))
