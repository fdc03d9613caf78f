"""The real provider's schemas, read from data, and their form in the plugin protocol."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent.parent / "data"
FILES = ("google_provider_schema.json", "google_provider_schema_more.json")
"""The recorded schemas, and those of types that the recording lacks, written after the provider's documentation."""
LOOKUPS = {
    "google_container_cluster": ("location", "project"),
    "google_sql_database_instance": ("project",),
    "google_storage_bucket": ("project",),
}
"""Data sources that the provider derives from the resource of the same name: by a required name, and these inputs."""


@dataclass(frozen=True)
class Attribute:
    """One attribute; `type` is Terraform's JSON notation ("string", ["map", "string"], …)."""

    type: Any
    required: bool = False
    optional: bool = False
    computed: bool = False
    sensitive: bool = False
    write_only: bool = False
    deprecated: bool = False

    @property
    def is_output(self) -> bool:
        """Whether only the provider gives it a value."""
        return self.computed and not self.optional


@dataclass(frozen=True)
class Nested:
    """A nested block: `mode` is single, list or set; `most` 0 means any number."""

    mode: str
    block: Block
    least: int
    most: int


@dataclass(frozen=True)
class Block:
    """Attributes and nested blocks of one level."""

    attributes: Mapping[str, Attribute]
    blocks: Mapping[str, Nested]


@dataclass(frozen=True)
class Schema:
    """A type's block with the version that its stored state carries."""

    version: int
    block: Block


@dataclass(frozen=True)
class Schemas:
    """Everything the provider serves."""

    provider: Schema
    resources: Mapping[str, Schema]
    data_sources: Mapping[str, Schema]


class _ByType(Mapping[str, Schema]):
    """Schemas by type, each made when it is first asked for: a run needs those of its own types."""

    def __init__(self, makers: Mapping[str, Callable[[], Schema]]) -> None:
        self._makers = makers
        self._made: dict[str, Schema] = {}

    def __getitem__(self, type_name: str) -> Schema:
        if type_name not in self._made:
            self._made[type_name] = self._makers[type_name]()
        return self._made[type_name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


@functools.cache
def load() -> Schemas:
    """Read and merge the schema files (once per process)."""
    merged: dict[str, Any] = {"provider": {"block": {}}, "resources": {}, "data_sources": {}}
    for name in FILES:
        part = json.loads((DATA / name).read_text(encoding="utf-8"))
        for kind in ("resources", "data_sources"):
            merged[kind].update(part.get(kind, {}))
        for kind, items in part.get("provider", {}).get("block", {}).items():
            merged["provider"]["block"].setdefault(kind, {}).update(items)
    resources = _ByType({name: partial(_schema, item) for name, item in merged["resources"].items()})
    looked_up = {name: partial(_lookup, resources, name, inputs) for name, inputs in LOOKUPS.items()}
    written = {name: partial(_schema, item) for name, item in merged["data_sources"].items()}
    return Schemas(_schema(merged["provider"]), resources, _ByType({**written, **looked_up}))


def _lookup(resources: Mapping[str, Schema], type_name: str, inputs: tuple[str, ...]) -> Schema:
    """Return the schema of a data source of a resource: what the resource is told, this one tells.

    The provider's DatasourceSchemaFromResourceSchema: all is computed, and blocks are lists or sets of objects.
    """
    block = resources[type_name].block
    attributes = {name: Attribute(item.type, computed=True) for name, item in block.attributes.items()}
    blocks = {name: nested for name, nested in block.blocks.items() if nested.mode != "single"}  # timeouts stay out
    attributes |= {name: Attribute(_object_type(nested), computed=True) for name, nested in blocks.items()}
    attributes |= {name: Attribute("string", optional=True) for name in inputs}
    attributes |= {"id": block.attributes["id"], "name": Attribute("string", required=True)}
    return Schema(0, Block(attributes, {}))


def _object_type(nested: Nested) -> list[Any]:
    fields = {name: attribute.type for name, attribute in nested.block.attributes.items()}
    fields |= {name: _object_type(below) for name, below in nested.block.blocks.items()}
    return [nested.mode, ["object", fields]]


def _schema(data: Mapping[str, Any]) -> Schema:
    return Schema(data.get("version", 0), _block(data["block"]))


def _block(data: Mapping[str, Any]) -> Block:
    blocks = {
        name: Nested(item["nesting_mode"], _block(item["block"]), item.get("min_items", 0), item.get("max_items", 0))
        for name, item in data.get("block_types", {}).items()
    }
    return Block({name: Attribute(**item) for name, item in data.get("attributes", {}).items()}, blocks)


def fill(block: Block, values: Mapping[str, Any] | None) -> dict[str, Any]:
    """Complete an object to the schema's shape: null attributes, empty blocks; names that it lacks are dropped."""
    values = values or {}
    whole: dict[str, Any] = {name: values.get(name) for name in block.attributes}
    for name, nested in block.blocks.items():
        held = values.get(name)
        if nested.mode == "single":
            whole[name] = None if held is None else _fill_known(nested.block, held)
        elif isinstance(held, list | tuple):
            whole[name] = [_fill_known(nested.block, item) for item in held]
        else:
            whole[name] = [] if held is None else held
    return whole


def _fill_known(block: Block, held: Any) -> Any:
    return fill(block, held) if isinstance(held, dict) else held
