"""A service is a host name and a table of routes; a route is a method, a path's template and a handler.

Templates are written as Google's reference writes paths: `{name}` is one segment up to a slash or a colon, `{name*}`
anything. Routes are tried in the order of the table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sandbox.kernel.cloud import Cloud
from sandbox.kernel.principals import THE_OWNER, Principal

Json = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """A request, decoded.

    Attributes:
        params: what the template's names stand for; a project's number has become its id.
        query: the last value of each parameter.
        body: the JSON object; empty for other contents, which are in `raw`.
        headers: lower-case names.
        principal: who asks.
    """

    cloud: Cloud
    service: str
    method: str
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str] = field(default_factory=dict)
    query_lists: Mapping[str, list[str]] = field(default_factory=dict)
    body: Json = field(default_factory=dict)
    raw: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    principal: Principal = THE_OWNER

    @property
    def project(self) -> str:
        """The id of the project in the path."""
        return self.params["project"]


@dataclass(frozen=True)
class Answer:
    """An answer that is not simply 200 with a JSON object.

    Attributes:
        content: JSON object, or bytes as they are; None is an empty body.
        mutating: overrules the route, for a call that turned out to change nothing.
        bookkeeping: the call wrote a client's own notes, such as a state lock, and no resource.
    """

    content: Json | bytes | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "application/json; charset=UTF-8"
    mutating: bool | None = None
    bookkeeping: bool = False


Handler = Callable[[Call], Json | Answer]


@dataclass(frozen=True)
class Route:
    """One method of an API.

    Attributes:
        template: the path below the service's host.
        reads: a POST that changes nothing, such as getIamPolicy.
        gated: whether the API must be enabled in the path's project.
        by_consumer: it must be so in the project whose quota the caller names instead (X-Goog-User-Project); who names
            none asks as gcloud does, through a project of Google's own.
    """

    method: str
    template: str
    handler: Handler
    reads: bool = False
    gated: bool = True
    by_consumer: bool = False

    @property
    def mutating(self) -> bool:
        """Whether a successful call could have changed something."""
        return not self.reads and self.method not in ("GET", "HEAD")

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The template as a regular expression."""
        text = re.escape(self.template).replace(r"\{", "{").replace(r"\}", "}")
        text = re.sub(r"\{(\w+)\\\*\}", r"(?P<\1>.+)", text)
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/:]+)", text))


@dataclass(frozen=True)
class Service:
    """One API of the local cloud.

    Attributes:
        host: its host name, such as "compute.googleapis.com".
        root_routes: routes that answer at the server's root, without the host before them.
    """

    host: str
    routes: Sequence[Route]
    root_routes: Sequence[Route] = ()


def find_route(routes: Sequence[Route], method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """Return the first route that takes this method and path, with what its names stand for."""
    for route in routes:
        if route.method == method and (match := route.pattern.fullmatch(path)):
            return route, match.groupdict()
    return None
