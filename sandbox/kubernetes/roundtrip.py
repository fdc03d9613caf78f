"""An object of a built-in kind as the server's Go types would write it after they have read it.

They leave out what is empty and may be, write what is empty and may not (`status: {}`), turn quantities into their
canonical form, and refuse what has the wrong type. Without this a manifest with `labels: {}` would differ from what
is stored each time it is applied.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox.kubernetes.quantity import QuantityError, canonical_quantity
from sandbox.kubernetes.types import Schema

_JSON_NAMES = {dict: "object", list: "array", str: "string", bool: "bool", int: "number", float: "number"}
_SPECIAL = "io.k8s.apimachinery.pkg."
_INT_OR_STRING = _SPECIAL + "util.intstr.IntOrString"
_TIME = _SPECIAL + "apis.meta.v1.Time"
_QUANTITY = _SPECIAL + "api.resource.Quantity"
# A schema node without declared fields that takes anything.
_FREE = ("io.k8s.apimachinery.pkg.runtime.RawExtension", "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1")


class DecodeError(ValueError):
    """A value that the field's Go type cannot hold."""


def as_written(obj: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    """Return an object as the server would write it. Unknown fields are left out.

    Raises:
        DecodeError: A value has the wrong type.
    """
    written: dict[str, Any] = _write_map(obj, schema, ())
    return written


def _write(value: Any, schema: Schema, path: tuple[str, ...], owner: str) -> Any:
    shape = schema.single
    if value is None or schema.name in _FREE or (shape is None and schema.name != _INT_OR_STRING):
        return value
    if schema.name == _QUANTITY:
        return _quantity(value)
    if shape == "map":
        if not isinstance(value, Mapping):
            raise _mismatch(value, schema, path, owner)
        return _write_map(value, schema, path, owner)
    if shape == "list":
        if not isinstance(value, list):
            raise _mismatch(value, schema, path, owner)
        return [_write_item(item, schema.items, path, owner) for item in value]
    return _write_scalar(value, schema, path, owner)


def _write_item(value: Any, schema: Schema, path: tuple[str, ...], owner: str) -> Any:
    """Null among a list's or map's values is the type's zero."""
    if value is None:
        return _zero(schema)
    return _write(value, schema, path, owner)


def _write_map(value: Mapping[str, Any], schema: Schema, path: tuple[str, ...], owner: str = "") -> dict[str, Any]:
    if not schema.fields:
        unknown = schema.unknown
        if unknown is None or unknown.single is None:
            return dict(value)
        return {key: _write_item(item, unknown, path, owner) for key, item in value.items()}
    written: dict[str, Any] = {}
    pointers, always = schema.pointers, schema.always
    for key, item in value.items():
        if not schema.is_declared(key):
            continue
        child = schema.child(key)
        assert child is not None
        result = _write(item, child, (*path, key), schema.name)
        if result is None or (result == [] and key in always):
            # Protobuf, in which the real server stores, knows no empty list.
            continue
        if key in pointers or key in always or _is_filled(result):
            written[key] = result
    for key, zero in always.items():
        if written.get(key) is None:
            child = schema.child(key)
            written[key] = _write_map({}, child, path) if zero == {} and child is not None else zero
    return written


def _is_filled(value: Any) -> bool:
    return not (value is False or value == "" or value == 0 or value == {} or value == [])


def _zero(schema: Schema) -> Any:
    if schema.name == _QUANTITY:
        return "0"
    if schema.single == "map":
        return _write_map({}, schema, ())
    if schema.single == "list":
        return None
    return {"integer": 0, "number": 0, "boolean": False}.get(str(schema.raw.get("type")), "")


def _write_scalar(value: Any, schema: Schema, path: tuple[str, ...], owner: str) -> Any:
    declared, form = schema.raw.get("type"), schema.raw.get("format")
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if form == "int-or-string":
        fits = isinstance(value, str) or (is_number and value == int(value))
    elif declared == "integer":
        fits = is_number and value == int(value)
        value = int(value) if fits else value
    elif declared == "number":
        fits = is_number
    elif declared == "boolean":
        fits = isinstance(value, bool)
    else:
        fits = isinstance(value, str)
    if not fits:
        raise _mismatch(value, schema, path, owner)
    if form == "byte":
        _check_base64(value)
    if form == "date-time" and schema.name == _TIME:
        return _write_time(value)
    return value


def _write_time(value: str) -> str:
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError as error:
        layout = "2006-01-02T15:04:05Z07:00"
        raise DecodeError(f'parsing time "{value}" as "{layout}": cannot parse "{value}" as "2006"') from error
    if parsed.tzinfo is None:
        raise DecodeError(f'parsing time "{value}" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "Z07:00"')
    return parsed.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _check_base64(value: str) -> None:
    try:
        base64.b64decode(value.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError) as error:
        wrong = next((i for i, c in enumerate(value) if not (c.isalnum() or c in "+/=")), max(len(value) - 1, 0))
        raise DecodeError(f"illegal base64 data at input byte {wrong}") from error


def _quantity(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise DecodeError("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")
    try:
        return canonical_quantity(value)
    except QuantityError as error:
        raise DecodeError(str(error)) from error


def _mismatch(value: Any, schema: Schema, path: tuple[str, ...], owner: str) -> DecodeError:
    got = _JSON_NAMES.get(type(value), "null")
    if got == "number" and schema.raw.get("type") in ("integer", "number"):
        got = f"number {value}"
    struct = owner.rpartition(".")[2]
    field = f"Go struct field {struct}.{'.'.join(path)}" if struct else "Go value"
    return DecodeError(f"json: cannot unmarshal {got} into {field} of type {_go_type(schema)}")


def _go_type(schema: Schema) -> str:
    if schema.name:
        package, _, kind = schema.name.rpartition(".")
        return f"{package.rpartition('.')[2]}.{kind}"
    if schema.single == "list":
        return f"[]{_go_type(schema.items)}"
    if schema.single == "map":
        return f"map[string]{_go_type(schema.unknown) if schema.unknown else 'interface {}'}"
    declared = str(schema.raw.get("type"))
    if declared == "integer":
        return str(schema.raw.get("format") or "int64")
    return {"boolean": "bool", "number": "float64"}.get(declared, "string")
