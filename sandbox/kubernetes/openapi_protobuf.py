"""The part of OpenAPI version 2 that kubectl reads as protobuf: which patch requests take `fieldValidation`.

kubectl asks it of `kind: List`, which no document of version 3 describes, before it leaves validation to the server.
Field numbers: openapiv2/OpenAPIv2.proto of google/gnostic-models.
"""

from __future__ import annotations

from collections.abc import Iterable

ASKED = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
ANSWERED = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"


def encode_document(title: str, version: str, patched: Iterable[tuple[str, dict[str, str]]]) -> bytes:
    """Write a Document whose paths have nothing but a patch operation.

    Args:
        title: Of the API.
        version: Of the server.
        patched: (path, {"group", "version", "kind"}) of what can be patched.
    """
    info = _text(1, title) + _text(2, version)
    paths = b"".join(_bytes(2, _text(1, path) + _bytes(2, _bytes(8, _operation(kind)))) for path, kind in patched)
    return _text(1, "2.0") + _bytes(2, info) + _bytes(8, paths)


def _operation(kind: dict[str, str]) -> bytes:
    query = _text(2, "query") + _text(4, "fieldValidation") + _text(6, "string")
    parameter = _bytes(1, _bytes(2, _bytes(3, query)))
    yaml = "".join(f"{name}: {value or chr(34) * 2}\n" for name, value in kind.items())
    extension = _text(1, "x-kubernetes-group-version-kind") + _bytes(2, _text(2, yaml))
    return _bytes(8, parameter) + _bytes(13, extension)


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
