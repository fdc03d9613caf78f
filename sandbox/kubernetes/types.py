"""The types of Kubernetes' objects, as one tree of nodes that apply, patches and validation walk.

Built-in types come from the published OpenAPI v2 definitions, with two things these leave out: how the server's Go
types write a field (`encoding.json`) and the defaults of list keys. Custom types come from a CustomResourceDefinition's
structural schema. What a node means to server-side apply follows kube-openapi's `schemaconv`.

Nodes are made when they are first reached, and kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

Shape = Literal["map", "list", "scalar"]
ListType = Literal["atomic", "set", "map"]

DATA = Path(__file__).parents[1] / "data" / "kubernetes"
META = "io.k8s.apimachinery.pkg.apis.meta.v1."
OBJECT_META = META + "ObjectMeta"
PACKAGES = {
    "": "io.k8s.api.core.",
    "apiextensions.k8s.io": "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.",
    "apiregistration.k8s.io": "io.k8s.kube-aggregator.pkg.apis.apiregistration.",
}
NUMBERS = {"integer", "number"}
# Defaults of fields that tell list items apart: they are part of the type (`+default`) and left out of the definitions.
KEY_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "io.k8s.api.core.v1.ContainerPort": {"protocol": "TCP"},
    "io.k8s.api.core.v1.ServicePort": {"protocol": "TCP"},
}
_REFERENCE = "#/definitions/"
# Free-form types that the definitions call plain objects, if anything. A raw extension is owned as a whole.
_ANYTHING: Mapping[str, Mapping[str, Any]] = {
    "io.k8s.apimachinery.pkg.runtime.RawExtension": {"type": "object", "x-kubernetes-map-type": "atomic"},
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON": {},
}
_EMPTY: Mapping[str, Any] = {}


class Schema:
    """One node of a type: a map (object), a list, a scalar, or anything.

    Attributes:
        raw: the OpenAPI schema of the node, references resolved (types, required, enum, bounds, …).
        name: the definition's name for a built-in type, else "".
        shapes: which JSON shapes the node accepts.
        is_atomic: whether a map is owned and replaced as a whole.
        list_type: how a list merges; `map_keys` tell its items apart when it is "map".
        unknown: the type of a map's undeclared keys, None where there may be none.
        always: fields that the server writes even when empty, with their zero value; `pointers` keep false, 0 and "".
        has_status: whether the status belongs to a subresource (root nodes only).
    """

    __slots__ = (
        "_children",
        "_inherits_unknown",
        "_items",
        "_properties",
        "_unknown",
        "always",
        "has_status",
        "is_atomic",
        "is_builtin",
        "list_type",
        "map_keys",
        "name",
        "pointers",
        "raw",
        "scalar",
        "shapes",
        "single",
    )

    def __init__(
        self, raw: Mapping[str, Any], *, name: str = "", builtin: bool = False, inherits_unknown: bool = False
    ):
        self.raw = raw
        self.name = name
        self.is_builtin = builtin
        self.has_status = False
        self.shapes = _shapes(raw)
        self.single: Shape | None = self.shapes[0] if len(self.shapes) == 1 else None
        self.scalar = _scalar(raw)
        self.is_atomic = raw.get("x-kubernetes-map-type") == "atomic"
        self.list_type, self.map_keys = _list_type(raw)
        self._inherits_unknown = inherits_unknown or raw.get("x-kubernetes-preserve-unknown-fields") is True
        self._properties: Mapping[str, Any] = raw.get("properties") or _EMPTY
        self._children: dict[str, Schema] = {}
        self._items: Schema | None = None
        self._unknown: Schema | Literal[False] | None = False
        encoding = _encoding().get(name, _EMPTY) if builtin else _EMPTY
        self.always: Mapping[str, Any] = encoding.get("always", _EMPTY)
        self.pointers: frozenset[str] = frozenset(encoding.get("pointers", ()))

    # --- shape -------------------------------------------------------------------------------------------------

    def shape(self, value: Any) -> Shape:
        """Return how to treat a value: its own shape where the node accepts it, else the node's first."""
        if self.single is not None:
            return self.single
        if isinstance(value, dict):
            own: Shape | None = "map"
        elif isinstance(value, list):
            own = "list"
        else:
            own = None if value is None else "scalar"
        return own if own in self.shapes else self.shapes[0]

    # --- maps --------------------------------------------------------------------------------------------------

    @property
    def fields(self) -> Mapping[str, Any]:
        """The declared fields, as raw schemas by name."""
        return self._properties

    def is_declared(self, field: str) -> bool:
        """Tell whether a map names this field."""
        return field in self._properties

    def child(self, field: str) -> Schema | None:
        """Return the type of a map's field, declared or not; None where it is unknown and may not be there."""
        known = self._children.get(field)
        if known is None and field in self._properties:
            known = self._children[field] = self._node(self._properties[field])
        return known if known is not None else self.unknown

    @property
    def unknown(self) -> Schema | None:
        """The type of undeclared fields: `additionalProperties`, anything in a free-form object, or None."""
        if self._unknown is False:
            extra = self.raw.get("additionalProperties")
            if isinstance(extra, Mapping):
                self._unknown = self._node(extra)
            elif extra is None:
                free = self._inherits_unknown or not self._properties
                self._unknown = DEDUCED if free else None
            else:
                self._unknown = DEDUCED if extra else None
        return self._unknown

    @property
    def preserves_unknown(self) -> bool:
        """Whether the schema itself says `x-kubernetes-preserve-unknown-fields`."""
        return self.raw.get("x-kubernetes-preserve-unknown-fields") is True

    # --- lists -------------------------------------------------------------------------------------------------

    @property
    def items(self) -> Schema:
        """The type of a list's items."""
        if self._items is None:
            declared = self.raw.get("items")
            self._items = self._node(declared) if isinstance(declared, Mapping) else UNTYPED
        return self._items

    # --- patches and defaults ----------------------------------------------------------------------------------

    @property
    def patch_strategies(self) -> tuple[str, ...]:
        """Strategic merge patch: "merge", "replace", "retainKeys"."""
        strategy = str(self.raw.get("x-kubernetes-patch-strategy") or "")
        return tuple(strategy.split(",")) if strategy else ()

    @property
    def merge_key(self) -> str | None:
        """Strategic merge patch: the field that tells a list's items apart."""
        key = self.raw.get("x-kubernetes-patch-merge-key")
        return str(key) if key is not None else None

    def key_default(self, field: str) -> Any:
        """Return the default of a declared field of this map, None if there is none."""
        child = self._properties.get(field)
        if isinstance(child, Mapping) and "default" in child:
            return child["default"]
        # A field that is always written has its zero value by default.
        return KEY_DEFAULTS.get(self.name, _EMPTY).get(field, self.always.get(field))

    def _node(self, raw: Mapping[str, Any]) -> Schema:
        reference = raw.get("$ref")
        if reference is None or not self.is_builtin:
            return Schema(raw, builtin=self.is_builtin, inherits_unknown=self._inherits_unknown and not self.is_builtin)
        name = str(reference).removeprefix(_REFERENCE)
        if len(raw) == 1:
            return definition(name)
        return Schema(
            {**_definitions()[name], **{k: v for k, v in raw.items() if k != "$ref"}}, name=name, builtin=True
        )


def _shapes(raw: Mapping[str, Any]) -> tuple[Shape, ...]:
    declared = raw.get("type")
    if raw.get("x-kubernetes-int-or-string"):
        return ("map", "scalar", "list")
    if declared == "object":
        return ("map",)
    if declared == "array":
        return ("list",)
    # The order in which server-side apply decides where a value does not say.
    return ("scalar",) if declared else ("map", "scalar", "list")


def _scalar(raw: Mapping[str, Any]) -> str:
    declared = raw.get("type")
    if declared in NUMBERS:
        return "numeric"
    if declared == "boolean":
        return "boolean"
    return "string" if declared == "string" and raw.get("format") in (None, "", "byte") else "untyped"


def _list_type(raw: Mapping[str, Any]) -> tuple[ListType, tuple[str, ...]]:
    declared = raw.get("x-kubernetes-list-type")
    if declared == "map":
        return "map", tuple(raw.get("x-kubernetes-list-map-keys") or ())
    if declared in ("set", "atomic"):
        return declared, ()
    if str(raw.get("x-kubernetes-patch-strategy")) in ("merge", "merge,retainKeys"):
        key = raw.get("x-kubernetes-patch-merge-key")
        return ("map", (str(key),)) if key else ("set", ())
    return "atomic", ()


@lru_cache(maxsize=1)
def _definitions() -> dict[str, Any]:
    definitions: dict[str, Any] = json.loads((DATA / "definitions.json").read_text())
    # Quantities may be numbers too, and free-form types any JSON.
    definitions["io.k8s.apimachinery.pkg.api.resource.Quantity"] = {"type": "string", "format": "quantity"}
    definitions.update(_ANYTHING)
    return definitions


@lru_cache(maxsize=1)
def _encoding() -> dict[str, Any]:
    encoding: dict[str, Any] = json.loads((DATA / "encoding.json").read_text())
    return encoding


@lru_cache(maxsize=1)
def _kinds_with_status() -> frozenset[tuple[str, str, str]]:
    resources = json.loads((DATA / "discovery.json").read_text())
    return frozenset(
        (resource["group"], resource["version"], resource["kind"])
        for resource in resources
        if any(subresource["name"] == "status" for subresource in resource["subresources"])
    )


@cache
def definition(name: str) -> Schema:
    """Return a built-in type by its definition's name."""
    return Schema(_definitions()[name], name=name, builtin=True)


@cache
def builtin_schema(group: str, version: str, kind: str) -> Schema | None:
    """Return the type of a built-in kind, None if there is no such kind."""
    package = PACKAGES.get(group, f"io.k8s.api.{group.split('.')[0]}.")
    name = f"{package}{version}.{kind}"
    if name not in _definitions():
        return None
    schema = Schema(_definitions()[name], name=name, builtin=True)
    schema.has_status = (group, version, kind) in _kinds_with_status()
    return schema


def crd_schema(open_api_v3: Mapping[str, Any], *, has_status: bool = False) -> Schema:
    """Return the type of a custom resource.

    Args:
        open_api_v3: `spec.versions[].schema.openAPIV3Schema`; apiVersion, kind and metadata are added to it.
        has_status: whether `spec.versions[].subresources` has `status`.
    """
    schema = _CustomSchema(embedded(open_api_v3))
    schema.has_status = has_status
    return schema


def embedded(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Add what every object has (apiVersion, kind, metadata) to a schema."""
    properties = {**(raw.get("properties") or {})}
    properties["apiVersion"] = {"type": "string"}
    properties["kind"] = {"type": "string"}
    properties["metadata"] = {"$ref": _REFERENCE + OBJECT_META}
    return {**raw, "properties": properties}


class _CustomSchema(Schema):
    """A node of a custom type: its metadata is built-in, and embedded objects have metadata too."""

    __slots__ = ()

    def _node(self, raw: Mapping[str, Any]) -> Schema:
        if "$ref" in raw:
            return definition(str(raw["$ref"]).removeprefix(_REFERENCE))
        completed = embedded(raw) if raw.get("x-kubernetes-embedded-resource") is True else raw
        return _CustomSchema(completed, inherits_unknown=self._inherits_unknown)


class _Deduced(Schema):
    """A value without a type: maps merge key by key, lists are atomic."""

    __slots__ = ()

    @property
    def unknown(self) -> Schema | None:
        return self


class _Untyped(Schema):
    """A value without a type that is owned as a whole."""

    __slots__ = ()

    @property
    def unknown(self) -> Schema | None:
        return self

    @property
    def items(self) -> Schema:
        return self


DEDUCED: Schema = _Deduced({})
UNTYPED: Schema = _Untyped({"x-kubernetes-map-type": "atomic"})
