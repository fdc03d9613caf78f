"""The published types of Google's requests: what is unknown, or of another type, is refused before a handler sees it.

Data: `sandbox/data/google/API.json`, from Google's discovery documents (scripts/google_types.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.kernel.errors import ApiError, invalid
from sandbox.kernel.routes import Answer, Call, Handler, Json

_DATA = Path(__file__).resolve().parents[1] / "data" / "google"
_TOLERANT = frozenset({"compute"})
"""Compute Engine overlooks what it does not know: Terraform's provider sends it fields of its own."""
_BITS = {"int32": (-(2**31), 2**31), "uint32": (0, 2**32), "int64": (-(2**63), 2**63), "uint64": (0, 2**64)}


def typed(api: str, request: str, handler: Handler) -> Handler:
    """Make a handler that refuses bodies which are not of the request's type.

    Args:
        api: A file of the data, such as "compute".
        request: A type of it, such as "Network".
        handler: What answers the others.
    """

    def checked(call: Call) -> Json | Answer:
        return handler(replace(call, body=checked_body(api, request, call.body)))

    return checked


def checked_body(api: str, request: str, body: Json) -> Json:
    """Return a body of a type, without the fields that a tolerant API overlooks.

    Raises:
        ApiError: 400 that names the first wrong field.
    """
    types = _types(api)
    return _object(_Reader(types, api in _TOLERANT), types[request], body, "")


@dataclass(frozen=True)
class _Reader:
    types: Mapping[str, Any]
    is_tolerant: bool


@cache
def _types(api: str) -> dict[str, dict[str, Any]]:
    return dict(json.loads((_DATA / f"{api}.json").read_text()))


def _value(reader: _Reader, kind: Any, value: Any, path: str) -> Any:
    if kind == "any" or value is None:
        return value
    if isinstance(kind, list):
        return _list(reader, kind[0], value, path)
    if isinstance(kind, Mapping) or kind.startswith("#"):
        return _object(reader, kind if isinstance(kind, Mapping) else reader.types[kind[1:]], value, path)
    if not _is_scalar(kind, value):
        raise _wrong(kind, value, path)
    return value


def _list(reader: _Reader, kind: Any, value: Any, path: str) -> list[Any]:
    if not isinstance(value, list):
        raise _wrong("list", value, path)
    if None in value:
        raise _wrong("item", None, f"{path}[{value.index(None)}]")
    return [_value(reader, kind, item, f"{path}[{index}]") for index, item in enumerate(value)]


def _object(reader: _Reader, fields: Mapping[str, Any], value: Any, path: str) -> Json:
    if not isinstance(value, Mapping):
        raise _wrong("message", value, path)
    if "*" in fields:
        return {name: _value(reader, fields["*"], item, f"{path}.{name}") for name, item in value.items()}
    unknown = [name for name in value if name not in fields]
    if unknown and not reader.is_tolerant:
        where = f" at '{path}'" if path else ""
        raise invalid(f'Invalid JSON payload received. Unknown name "{unknown[0]}"{where}: Cannot find field.')
    known = {name: item for name, item in value.items() if name in fields}
    return {
        name: _value(reader, fields[name], item, f"{path}.{_snake(name)}".lstrip(".")) for name, item in known.items()
    }


def _is_scalar(kind: str, value: Any) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if kind in _BITS:
        return _is_integer(value, *_BITS[kind])
    if kind in ("number", "integer"):
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind.startswith("enum "):
        return isinstance(value, str) and (value == "" or value in kind.split()[1:])
    return isinstance(value, str)


def _is_integer(value: Any, low: int, high: int) -> bool:
    if isinstance(value, str) and re.fullmatch(r"-?\d+", value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return isinstance(value, int) and not isinstance(value, bool) and low <= value < high


def _snake(name: str) -> str:
    return re.sub(r"[A-Z]", lambda match: "_" + match[0].lower(), name)


def _wrong(kind: str, value: Any, path: str) -> ApiError:
    shown = json.dumps(value) if isinstance(value, str | int | float | None) else "a " + type(value).__name__
    label = "TYPE_" + ("ENUM" if kind.startswith("enum") else kind.upper())
    return invalid(f"Invalid value at '{path}' ({label}), {shown}")
