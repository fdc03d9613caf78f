"""Values as Terraform sends them: MessagePack with an extension for "not known yet"."""

from __future__ import annotations

import json
from typing import Any, Final

import msgpack

Values = dict[str, Any]
"""An object of Terraform: attribute or block name -> value; blocks of mode list and set are lists of objects."""


class _Unknown:
    """The one value that is only known after apply; never equal to anything but itself, and false."""

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> bool:
        return False

    def __copy__(self) -> _Unknown:
        return self

    def __deepcopy__(self, memo: object) -> _Unknown:
        return self


UNKNOWN: Final = _Unknown()


def decode(value: Any) -> Any:
    """Read a DynamicValue (either encoding); None when it is null or empty."""
    if value.msgpack:
        return msgpack.unpackb(value.msgpack, ext_hook=lambda code, data: UNKNOWN, strict_map_key=False)
    return json.loads(value.json) if value.json else None


def encode(value: Any) -> bytes:
    """Write a value as MessagePack, unknowns as Terraform's extension 0."""
    packed = msgpack.packb(value, default=_pack_unknown)
    return bytes(packed)


def _pack_unknown(value: Any) -> Any:
    if value is UNKNOWN:
        return msgpack.ExtType(0, b"\x00")
    raise TypeError(f"a {type(value).__name__} cannot be sent to Terraform")


def has_unknown(value: Any) -> bool:
    """Whether any part of the value is unknown."""
    if value is UNKNOWN:
        return True
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    return isinstance(value, list) and any(has_unknown(item) for item in value)


def is_empty(value: Any) -> bool:
    """Whether the value says no more than null does: zero, blank, or made of such only.

    Google's JSON leaves such fields out, and Terraform's old type system cannot tell them from null.
    """
    if value is UNKNOWN:
        return False
    if isinstance(value, dict):
        return all(is_empty(item) for item in value.values())
    if isinstance(value, list):
        return all(is_empty(item) for item in value)
    return not value


def without_unknown(value: Any) -> Any:
    """The value with null for every unknown, and no blocks where those are unknown."""
    if value is UNKNOWN:
        return None
    if isinstance(value, dict):
        return {name: without_unknown(item) for name, item in value.items()}
    return [without_unknown(item) for item in value] if isinstance(value, list) else value
