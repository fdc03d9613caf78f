"""Where a resource of Compute Engine is: project, scope, kind and name, in the many ways that requests write it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import invalid
from sandbox.kernel.routes import Call

HOST = "compute.googleapis.com"
ROOT = "/compute/v1/projects/{project}"
_FULL = re.compile(
    r"(?:^|/)projects/(?P<project>[^/]+)/(?P<scope>global|(?:regions|zones)/[^/]+)/(?P<rest>[^/]+/[^/]+)$"
)
_PARTIAL = re.compile(r"^(?P<scope>global|(?:regions|zones)/[^/]+)/(?P<rest>[^/]+/[^/]+)$")
_LINK = re.compile(r"^https?://[^?]*?/(projects/[^/]+/(?:global|regions|zones)(?:/.*)?)$")
_RELATIVE = re.compile(r"^projects/[^/]+/(global|regions|zones)(/|$)")


@dataclass(frozen=True)
class Reference:
    """One resource, or with an empty name the collection it is in.

    Attributes:
        scope: "global", "regions/R" or "zones/Z".
        plural: the kind as paths write it, such as "networks".
    """

    project: str
    scope: str
    plural: str
    name: str = ""

    @property
    def collection_path(self) -> str:
        """The path of the collection: "projects/P/global/networks/"."""
        return f"projects/{self.project}/{self.scope}/{self.plural}/"

    @property
    def path(self) -> str:
        """The relative name: "projects/P/global/networks/N"."""
        return self.collection_path + self.name

    @property
    def place(self) -> str:
        """The region or zone; empty for a global resource."""
        return self.scope.partition("/")[2]

    def link(self, cloud: Cloud) -> str:
        """Return its selfLink."""
        return cloud.link(HOST, f"/compute/v1/{self.path}")


def reference_of(call: Call, name: str = "") -> Reference:
    """Return the resource or collection that a request's path is about."""
    parts = call.path.partition("/projects/")[2].split("/")[1:]
    scope = parts[0] if parts[0] == "global" else "/".join(parts[:2])
    rest = parts[1:] if parts[0] == "global" else parts[2:]
    return Reference(call.project, scope, rest[0], name or (rest[1] if len(rest) > 1 else ""))


def parse(cloud: Cloud, project: str, text: str, plural: str, scope: str = "global") -> Reference:
    """Read a reference in a body: a link, "projects/P/…", "global/…", or a bare name in `scope`.

    Raises:
        ApiError: 400 when it cannot be one, or is one of another kind.
    """
    if "/" not in text:
        return Reference(project, scope, plural, text)
    if match := _FULL.search(text):
        project = cloud.projects.get(match["project"]).project_id
    elif not (match := _PARTIAL.match(text)):
        raise _malformed(text)
    kind, _, name = match["rest"].partition("/")
    if kind != plural:
        raise _malformed(text)
    return Reference(project, match["scope"], plural, name)


def absolute(cloud: Cloud, value: Any) -> Any:
    """Turn the relative names in a resource into links, as answers have them."""
    if isinstance(value, dict):
        return {key: absolute(cloud, one) for key, one in value.items()}
    if isinstance(value, list):
        return [absolute(cloud, one) for one in value]
    if isinstance(value, str) and _RELATIVE.match(value):
        return cloud.link(HOST, f"/compute/v1/{value}")
    return value


def relative(value: Any) -> Any:
    """Turn the links in a body into relative names, as they are stored."""
    if isinstance(value, dict):
        return {key: relative(one) for key, one in value.items()}
    if isinstance(value, list):
        return [relative(one) for one in value]
    if isinstance(value, str) and (match := _LINK.match(value)):
        return match[1]
    return value


def _malformed(text: str) -> Exception:
    return invalid(f"Invalid value '{text}'. The URL is malformed.")
