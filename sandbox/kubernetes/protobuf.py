"""Request bodies in the API's protobuf, which kubectl sends for built-in kinds since 1.33.

`protobuf.json` holds, per type, the numbers of its fields with their JSON names and kinds: `string`, `bytes`, `int`,
`bool`, `double`, `time`, `quantity`, `intstr`, `raw` (JSON text), another type's name; `[]` marks a list, `{}` a map,
`items:` a list with a message around it, and the name `-` a field whose content belongs to the object around it.
They are those of the `protobuf` tags in k8s.io/api v0.33.4. Answers are always JSON.

Source: `k8s.io/apimachinery/pkg/runtime/serializer/protobuf` and https://protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sandbox.kubernetes.published import read_data
from sandbox.kubernetes.status import bad_request

Object = dict[str, Any]

MAGIC = b"k8s\x00"
# A boolean or a list beside a schema.
_EITHER = {
    "apiextensions.v1.JSONSchemaPropsOrBool": ("bool", False),
    "apiextensions.v1.JSONSchemaPropsOrArray": ("apiextensions.v1.JSONSchemaProps", True),
    "apiextensions.v1.JSONSchemaPropsOrStringArray": ("string", True),
}


class _ProtobufError(ValueError):
    """Bytes that are no such message."""


def decode_protobuf(body: bytes) -> Object:
    """Return the object in a protobuf body.

    Raises:
        ApiError: It is none, or of a kind that is not served (400).
    """
    try:
        return _decode_envelope(body)
    except (_ProtobufError, IndexError, AttributeError, TypeError, ValueError, struct.error) as error:
        raise bad_request(f"the object provided is unrecognized: {error}") from error


def _decode_envelope(body: bytes) -> Object:
    if not body.startswith(MAGIC):
        raise _ProtobufError("the body does not start with the protobuf prefix")
    # runtime.Unknown: the kind's names, and the object's own bytes.
    envelope = dict(_fields(body[len(MAGIC) :]))
    names = {number: bytes(value).decode() for number, value in _fields(envelope.get(1, b""))}
    api_version, kind = names.get(1, ""), names.get(2, "")
    type_name = _type_name(api_version, kind)
    if type_name not in _types():
        raise _ProtobufError(f"no kind {kind!r} is registered for version {api_version!r}")
    decoded: Object = _decode_message(envelope.get(2, b""), type_name)
    return {"apiVersion": api_version, "kind": kind, **decoded}


def _type_name(api_version: str, kind: str) -> str:
    if kind == "DeleteOptions":
        return "meta.v1.DeleteOptions"
    group, _, version = api_version.rpartition("/")
    return f"{group.partition('.')[0] or 'core'}.{version}.{kind}"


@cache
def _types() -> dict[str, dict[int, tuple[str, str]]]:
    return {
        name: {int(number): (text.split(" ")[0], text.split(" ")[1]) for number, text in fields.items()}
        for name, fields in read_data("protobuf.json").items()
    }


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """Yield a message's field numbers and values: integers, or bytes for all that has a length."""
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        number, wire_type = tag >> 3, tag & 7
        if wire_type == 0:
            value, position = _varint(data, position)
            yield number, value
        elif wire_type == 2:
            length, position = _varint(data, position)
            if position + length > len(data):
                raise _ProtobufError("unexpected end of the message")
            yield number, data[position : position + length]
            position += length
        elif wire_type in (1, 5):
            size = 8 if wire_type == 1 else 4
            yield number, data[position : position + size]
            position += size
        else:
            raise _ProtobufError(f"unknown wire type {wire_type}")


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7


def _decode_message(data: bytes, type_name: str) -> Any:
    if type_name in _EITHER:
        return _decode_either(data, *_EITHER[type_name])
    known = _types()[type_name]
    decoded: Object = {}
    for number, value in _fields(data):
        if number not in known:
            continue
        name, kind = known[number]
        if name == "-":
            decoded.update(_decode_value(value, kind))
        elif kind.startswith("[]"):
            decoded.setdefault(name, []).append(_decode_value(value, kind[2:]))
        elif kind.startswith("{}"):
            entry = dict(_fields(value))
            key = bytes(entry.get(1, b"")).decode()
            decoded.setdefault(name, {})[key] = _decode_value(entry.get(2, b""), kind[2:])
        else:
            decoded[name] = _decode_value(value, kind)
    return decoded


def _decode_either(data: bytes, kind: str, is_list: bool) -> Any:
    other: list[Any] = []
    for number, value in _fields(data):
        if number == (1 if is_list or kind != "bool" else 2):
            return _decode_message(value, "apiextensions.v1.JSONSchemaProps")
        other.append(_decode_value(value, kind))
    return other if is_list else bool(other and other[0])


def _decode_value(value: Any, kind: str) -> Any:
    if kind.startswith("items:[]"):
        return [_decode_value(item, kind.removeprefix("items:[]")) for _, item in _fields(value)]
    decode = _DECODERS.get(kind)
    return _decode_message(value, kind) if decode is None else decode(value)


def _signed(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value


def _time(value: bytes) -> str | None:
    parts = dict(_fields(value))
    seconds, nanos = _signed(parts.get(1, 0)), parts.get(2, 0)
    if not parts:
        return None
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{nanos // 1000:06d}Z" if nanos else f"{text}Z"


def _quantity(value: bytes) -> str:
    return bytes(dict(_fields(value)).get(1, b"0")).decode()


def _int_or_string(value: bytes) -> int | str:
    parts = dict(_fields(value))
    return bytes(parts.get(3, b"")).decode() if parts.get(1) else _signed(parts.get(2, 0))


def _raw(value: bytes) -> Any:
    return json.loads(dict(_fields(value)).get(1, b"null"))


_DECODERS: dict[str, Any] = {
    "string": lambda value: value.decode(),
    "bytes": lambda value: base64.b64encode(value).decode(),
    "bool": bool,
    "int": _signed,
    "double": lambda value: struct.unpack("<d", value)[0],
    "time": _time,
    "quantity": _quantity,
    "intstr": _int_or_string,
    "raw": _raw,
}
