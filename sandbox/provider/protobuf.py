"""Schemas, diagnostics and paths as messages of plugin protocol 6.

Package `tf` brings the generated messages; its own schema classes know no nested blocks of mode list, so these are
built here directly.
"""

from __future__ import annotations

import json
from typing import Any

from tf.gen import tfplugin_pb2 as pb

from sandbox.provider.schema import Attribute, Block, Nested, Schema
from sandbox.provider.wire import encode

WRITE_ONLY = b"\x58\x01"
"""`write_only = true`, field 11 of an attribute, an unknown field to the generated messages, which keep it as such."""

_MODES = {"single": 1, "list": 2, "set": 3, "map": 4, "group": 5}


def schema_message(schema: Schema) -> Any:
    """The protocol's form of a schema."""
    return pb.Schema(version=schema.version, block=_block(schema.block))


def _block(block: Block) -> Any:
    return pb.Schema.Block(
        attributes=[_attribute(name, item) for name, item in block.attributes.items()],
        block_types=[_nested(name, item) for name, item in block.blocks.items()],
    )


def _attribute(name: str, attribute: Attribute) -> Any:
    message = pb.Schema.Attribute(
        name=name,
        type=json.dumps(attribute.type).encode(),
        required=attribute.required,
        optional=attribute.optional,
        computed=attribute.computed,
        sensitive=attribute.sensitive,
        deprecated=attribute.deprecated,
    )
    if attribute.write_only:
        message.MergeFromString(WRITE_ONLY)
    return message


def _nested(name: str, nested: Nested) -> Any:
    return pb.Schema.NestedBlock(
        type_name=name,
        block=_block(nested.block),
        nesting=_MODES[nested.mode],
        min_items=nested.least,
        max_items=nested.most,
    )


def error(summary: str, detail: str = "") -> Any:
    """An error diagnostic."""
    return pb.Diagnostic(severity=pb.Diagnostic.ERROR, summary=summary, detail=detail)


def warning(summary: str, detail: str = "") -> Any:
    """A warning diagnostic."""
    return pb.Diagnostic(severity=pb.Diagnostic.WARNING, summary=summary, detail=detail)


def value(content: Any) -> Any:
    """A value as a DynamicValue; None becomes Terraform's null."""
    return pb.DynamicValue(msgpack=encode(content))


def path(steps: tuple[str | int, ...]) -> Any:
    """An attribute path: names are attributes or blocks, numbers are positions in a list."""
    return pb.AttributePath(
        steps=[
            pb.AttributePath.Step(element_key_int=step)
            if isinstance(step, int)
            else pb.AttributePath.Step(attribute_name=step)
            for step in steps
        ]
    )
