"""From what a client sent to what the server works with: types checked, unknown fields gone, defaults filled in."""

from __future__ import annotations

import base64
from typing import Any

from sandbox.kubernetes.defaults import fill_defaults
from sandbox.kubernetes.resources import Resource
from sandbox.kubernetes.roundtrip import DecodeError, as_written
from sandbox.kubernetes.status import bad_request
from sandbox.kubernetes.types import OBJECT_META, definition
from sandbox.kubernetes.validation import coerce_metadata, prune_unknown, set_defaults, unknown_fields

Object = dict[str, Any]


def decode(resource: Resource, obj: Object) -> Object:
    """Return an object in the form in which it is stored.

    Raises:
        ApiError: A field has the wrong type (400).
    """
    try:
        decoded = _decode_custom(resource, obj) if resource.custom else _decode_builtin(resource, obj)
        if (obj.get("metadata") or {}).get("managedFields") == []:
            # Unlike other empty lists this one says something: forget who owns what.
            decoded["metadata"]["managedFields"] = []
        return decoded
    except DecodeError as error:
        problem = f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: {error}'
        raise bad_request(problem) from error


def _decode_builtin(resource: Resource, obj: Object) -> Object:
    decoded = as_written(obj, resource.schema)
    if (resource.group, resource.kind) == ("", "Secret"):
        _fold_texts(decoded)
    fill_defaults(decoded, resource.schema)
    return decoded


def _fold_texts(secret: Object) -> None:
    """`stringData` is written only: it goes into `data`."""
    texts = secret.pop("stringData", None) or {}
    if texts:
        encoded = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
        secret["data"] = {**(secret.get("data") or {}), **encoded}


def _decode_custom(resource: Resource, obj: Object) -> Object:
    pruned = prune_unknown(coerce_metadata(obj, resource.schema), resource.schema)
    decoded = set_defaults(pruned, resource.schema)
    decoded["metadata"] = as_written(obj.get("metadata") or {}, definition(OBJECT_META))
    return decoded


def describe_unknown(resource: Resource, obj: Object) -> list[str]:
    """Return a text for each field of an object that its kind does not have."""
    return unknown_fields(obj, resource.schema)
