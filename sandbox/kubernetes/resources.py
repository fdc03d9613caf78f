"""The resources that a cluster serves: the built-in ones from data, and those that CustomResourceDefinitions add."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from sandbox.kubernetes.published import definition_name, read_data

if TYPE_CHECKING:
    from sandbox.kubernetes.types import Schema

# Served by two groups from one place, as by the real server.
_STORED_ELSEWHERE = {("events.k8s.io", "events"): ("", "events")}
# The form in which a resource with several built-in versions is kept.
_STORED_VERSIONS = {("", "events"): "v1", ("autoscaling", "horizontalpodautoscalers"): "v2"}
_WARNINGS = {
    ("", "endpoints"): "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
    ("", "componentstatuses"): "v1 ComponentStatus is deprecated in v1.19+",
}
# The kinds of subresources that belong to another group than their resource.
_SUBRESOURCE_GROUPS = {
    "Scale": ("autoscaling", "v1"),
    "Eviction": ("policy", "v1"),
    "TokenRequest": ("authentication.k8s.io", "v1"),
}


@dataclass(frozen=True)
class Subresource:
    """A part of a resource with a path of its own."""

    name: str
    kind: str
    verbs: tuple[str, ...]
    group: str = ""
    version: str = ""


@dataclass(frozen=True)
class CustomVersion:
    """What a CustomResourceDefinition says of one of its versions."""

    definition: str
    storage_version: str
    open_api: dict[str, Any]
    columns: tuple[dict[str, Any], ...] = ()
    scale: dict[str, Any] | None = None
    selectable_fields: tuple[str, ...] = ()
    warning: str = ""


@dataclass(frozen=True)
class Resource:
    """One resource in one version."""

    group: str
    version: str
    plural: str
    singular: str
    kind: str
    namespaced: bool
    verbs: tuple[str, ...]
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: dict[str, Subresource] = field(default_factory=dict)
    list_kind: str = ""
    custom: CustomVersion | None = None

    @property
    def api_version(self) -> str:
        """`apps/v1`, or `v1` for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def stored_as(self) -> tuple[str, str]:
        """The group and plural under which the objects are kept."""
        return _STORED_ELSEWHERE.get((self.group, self.plural), (self.group, self.plural))

    @property
    def stored_api_version(self) -> str:
        """The version in which the objects are kept."""
        if self.custom is not None:
            return f"{self.group}/{self.custom.storage_version}"
        group, plural = self.stored_as
        version = _STORED_VERSIONS.get((group, plural), self.version)
        return f"{group}/{version}" if group else version

    @property
    def definition(self) -> str:
        """The name of the built-in kind's definition, or nothing for a custom one."""
        return "" if self.custom else definition_name(self.group, self.version, self.kind)

    @property
    def warning(self) -> str:
        """What to tell everyone who uses it."""
        return self.custom.warning if self.custom else _WARNINGS.get((self.group, self.plural), "")

    @property
    def has_status(self) -> bool:
        """Whether the status is written through a path of its own only."""
        return "status" in self.subresources

    @cached_property
    def schema(self) -> Schema:
        """The type of the objects."""
        # Held back until a write needs it, so that importing the server stays cheap.
        from sandbox.kubernetes.types import builtin_schema, crd_schema

        if self.custom is not None:
            return crd_schema(self.custom.open_api, has_status=self.has_status)
        schema = builtin_schema(self.group, self.version, self.kind)
        if schema is None:
            raise LookupError(f"no definition of {self.api_version} {self.kind}")
        return schema

    # The schema belongs to the resource; two with the same fields are the same.
    __hash__ = object.__hash__


@cache
def builtin_resources() -> tuple[Resource, ...]:
    """Return every built-in resource."""
    return tuple(_builtin_resource(entry) for entry in read_data("discovery.json"))


def _builtin_resource(entry: dict[str, Any]) -> Resource:
    subresources = (_subresource(entry, each) for each in entry["subresources"])
    return Resource(
        group=entry["group"],
        version=entry["version"],
        plural=entry["resource"],
        singular=entry["singular"],
        kind=entry["kind"],
        namespaced=entry["scope"] == "Namespaced",
        verbs=tuple(entry["verbs"]),
        short_names=tuple(entry["short_names"]),
        categories=tuple(entry["categories"]),
        subresources={each.name: each for each in subresources},
        list_kind=f"{entry['kind']}List",
    )


def _subresource(resource: dict[str, Any], entry: dict[str, Any]) -> Subresource:
    group, version = _SUBRESOURCE_GROUPS.get(entry["kind"], (resource["group"], resource["version"]))
    return Subresource(entry["name"], entry["kind"], tuple(entry["verbs"]), group, version)


class Registry:
    """Finds resources by what a path or an object says."""

    def __init__(self) -> None:
        self._resources: dict[tuple[str, str, str], Resource] = {}
        self._custom: dict[str, list[Resource]] = {}
        self.generation = 0
        for resource in builtin_resources():
            self._resources[resource.group, resource.version, resource.plural] = resource

    def __iter__(self) -> Iterator[Resource]:
        return iter(list(self._resources.values()))

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        """Return the resource that a path names."""
        return self._resources.get((group, version, plural))

    def find_kind(self, api_version: str, kind: str) -> Resource | None:
        """Return the resource of an object."""
        return next((each for each in self if each.kind == kind and each.api_version == api_version), None)

    def find_stored(self, group: str, plural: str) -> Resource | None:
        """Return the resource, in its stored version, of what the store keeps under a group and plural."""
        candidates = [each for each in self if (each.group, each.plural) == (group, plural)]
        stored = (each for each in candidates if each.api_version == each.stored_api_version)
        return next(stored, candidates[0] if candidates else None)

    def namespaced(self) -> list[Resource]:
        """Return each resource whose objects live in namespaces, once."""
        return [
            each
            for each in self
            if each.namespaced and "list" in each.verbs and each.api_version == each.stored_api_version
        ]

    def groups(self) -> dict[str, dict[str, list[Resource]]]:
        """Return the resources by group and version, in the order in which clients should prefer them."""
        grouped: dict[str, dict[str, list[Resource]]] = {}
        for resource in self:
            grouped.setdefault(resource.group, {}).setdefault(resource.version, []).append(resource)
        return grouped

    def set_custom(self, definition: str, resources: Iterable[Resource]) -> None:
        """Serve what a CustomResourceDefinition defines, in place of what it defined before."""
        for old in self._custom.pop(definition, []):
            self._resources.pop((old.group, old.version, old.plural), None)
        new = list(resources)
        for resource in new:
            self._resources[resource.group, resource.version, resource.plural] = resource
        if new:
            self._custom[definition] = new
        self.generation += 1
