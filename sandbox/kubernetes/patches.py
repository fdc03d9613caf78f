"""The three kinds of patches that are not apply: JSON patch (RFC 6902), merge patch (RFC 7386), strategic merge patch.

Strategic merge patch follows k8s.io/apimachinery/pkg/util/strategicpatch, JSON patch the server's library
(evanphx/json-patch v4); messages and status codes are theirs. Nothing passed in is changed.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from sandbox.kubernetes.merge import same
from sandbox.kubernetes.strategic import StrategicError, merge_maps
from sandbox.kubernetes.types import Schema

MAX_OPERATIONS = 10000


UNPROCESSABLE = "the server rejected our request due to an error in our request"


class PatchError(ValueError):
    """A patch that cannot be applied: `str()` is the Status' message, `code` the HTTP status.

    The server does not tell what is wrong with a JSON patch that it cannot apply; `detail` does.
    """

    def __init__(self, message: str, code: int, detail: str = ""):
        self.code = code
        self.detail = detail or message
        super().__init__(message)


# --- merge patch -----------------------------------------------------------------------------------------------


def merge_patch(obj: dict[str, Any], patch: Any) -> dict[str, Any]:
    """Apply a JSON merge patch.

    Raises:
        PatchError: the patch is no object.
    """
    if not isinstance(patch, dict):
        raise PatchError(f"error decoding patch: {_not_a_map(patch)}", 400)
    patched: dict[str, Any] = _merge(obj, patch)
    return patched


def _not_a_map(patch: Any) -> str:
    names = {list: "array", str: "string", bool: "bool", int: "number", float: "number"}
    return f"json: cannot unmarshal {names.get(type(patch), 'null')} into Go value of type map[string]interface {{}}"


def _merge(target: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merge(merged.get(key), value)
    return merged


# --- strategic merge patch -------------------------------------------------------------------------------------


def strategic_merge_patch(obj: dict[str, Any], patch: Any, schema: Schema) -> dict[str, Any]:
    """Apply a strategic merge patch to a built-in object.

    Raises:
        PatchError: the patch is malformed, or the kind is a custom one (415 is the caller's to answer before).
    """
    if not isinstance(patch, dict):
        raise PatchError(_not_a_map(patch), 400)
    if not schema.is_builtin:
        raise PatchError("strategic merge patch format is not supported", 400)
    try:
        return merge_maps(copy.deepcopy(obj), copy.deepcopy(patch), schema)
    except StrategicError as error:
        raise PatchError(str(error), error.code) from error


# --- JSON patch ------------------------------------------------------------------------------------------------


def json_patch(obj: dict[str, Any], operations: Any) -> dict[str, Any]:
    """Apply a JSON patch.

    Raises:
        PatchError: the patch is malformed (400), too long (413) or does not apply (422).
    """
    if not isinstance(operations, list) or not all(isinstance(operation, dict) for operation in operations):
        raise PatchError(
            "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp", 400
        )
    if len(operations) > MAX_OPERATIONS:
        raise PatchError(
            f"The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {len(operations)}", 413
        )
    document: dict[str, Any] = {"": copy.deepcopy(obj)}
    for operation in operations:
        name = operation.get("op")
        handler = _OPERATIONS.get(name) if isinstance(name, str) else None
        if handler is None:
            raise _unprocessable(f"Unexpected kind: {name}")
        handler(document, operation)
    patched = document[""]
    if not isinstance(patched, dict):
        raise _unprocessable("the patched document is no object")
    return patched


def _add(document: dict[str, Any], operation: dict[str, Any]) -> None:
    _add_value(document, _pointer(operation, "path", "add"), _value(operation), "add")


def _remove(document: dict[str, Any], operation: dict[str, Any]) -> None:
    path = _pointer(operation, "path", "remove")
    found = _find(document, path)
    if found is None:
        raise _unprocessable(f'remove operation does not apply: doc is missing path: "{path}": missing value')
    _delete(*found, f"error in remove for path: '{path}'")


def _replace(document: dict[str, Any], operation: dict[str, Any]) -> None:
    path, value = _pointer(operation, "path", "replace"), _value(operation)
    found = _find(document, path)
    if found is None:
        raise _unprocessable(f"replace operation does not apply: doc is missing path: {path}: missing value")
    container, key = found
    if isinstance(container, list):
        try:
            container[_index(container, key)] = value
        except PatchError as error:
            raise _unprocessable(
                f"replace operation does not apply: doc is missing key: {path}: missing value"
            ) from error
    else:
        # The server's library sets a key that is not there, RFC 6902 notwithstanding.
        container[key] = value


def _move(document: dict[str, Any], operation: dict[str, Any]) -> None:
    start, path = _pointer(operation, "from", "move"), _pointer(operation, "path", "move")
    value = _get(document, start, "move")
    found = _find(document, start)
    assert found is not None
    _delete(*found, f"error in move for path: '{found[1]}'")
    _add_value(document, path, value, "move")


def _copy(document: dict[str, Any], operation: dict[str, Any]) -> None:
    start, path = _pointer(operation, "from", "copy"), _pointer(operation, "path", "copy")
    _add_value(document, path, copy.deepcopy(_get(document, start, "copy")), "copy")


def _test(document: dict[str, Any], operation: dict[str, Any]) -> None:
    path = _pointer(operation, "path", "test")
    found = _find(document, path)
    if found is None:
        raise _unprocessable(f"test operation does not apply: is missing path: {path}: missing value")
    container, key = found
    try:
        value = container[_index(container, key)] if isinstance(container, list) else container.get(key)
    except PatchError as error:
        raise _unprocessable(f"error in test for path: '{path}': {error.detail}") from error
    if not same(value, operation.get("value")):
        raise _unprocessable(f"testing value {path} failed: test failed")


_OPERATIONS: dict[str, Callable[[dict[str, Any], dict[str, Any]], None]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
}


def _unprocessable(message: str) -> PatchError:
    return PatchError(UNPROCESSABLE, 422, message)


def _pointer(operation: dict[str, Any], field: str, name: str) -> str:
    pointer = operation.get(field)
    if not isinstance(pointer, str):
        raise _unprocessable(
            f"{name} operation failed to decode {field}: operation missing {field} field: missing value"
        )
    return pointer


def _value(operation: dict[str, Any]) -> Any:
    return copy.deepcopy(operation.get("value"))


def _find(document: dict[str, Any], pointer: str) -> tuple[dict[str, Any] | list[Any], str] | None:
    """Return the container that a pointer's last part is in, and that part; None if there is no such container."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")]
    container: Any = document
    for part in parts[:-1]:
        if isinstance(container, dict):
            container = container.get(part)
        else:
            try:
                container = container[_index(container, part)]
            except PatchError:
                return None
        if not isinstance(container, dict | list):
            return None
    return container, parts[-1]


def _get(document: dict[str, Any], pointer: str, name: str) -> Any:
    found = _find(document, pointer)
    if found is None:
        raise _unprocessable(f"{name} operation does not apply: doc is missing from path: {pointer}: missing value")
    container, key = found
    if isinstance(container, list):
        return container[_index(container, key)]
    if key not in container:
        raise _unprocessable(
            f"error in {name} for path: '{key}': Unable to remove nonexistent key: {key}: missing value"
        )
    return container[key]


def _add_value(document: dict[str, Any], path: str, value: Any, name: str) -> None:
    found = _find(document, path)
    if found is None:
        quoted = f'path: "{path}"' if name == "add" else f"destination path: {path}"
        raise _unprocessable(f"{name} operation does not apply: doc is missing {quoted}: missing value")
    container, key = found
    if isinstance(container, dict):
        container[key] = value
        return
    if key == "-":
        container.append(value)
        return
    try:
        container.insert(_index(container, key, for_insert=True), value)
    except PatchError as error:
        raise _unprocessable(f"error in {name} for path: '{path}': {error.detail}") from error


def _delete(container: dict[str, Any] | list[Any], key: str, context: str) -> None:
    if isinstance(container, list):
        try:
            del container[_index(container, key)]
        except PatchError as error:
            raise _unprocessable(f"{context}: {error.detail}") from error
        return
    if key not in container:
        raise _unprocessable(f"{context}: Unable to remove nonexistent key: {key}: missing value")
    del container[key]


def _index(items: list[Any], key: str, *, for_insert: bool = False) -> int:
    try:
        index = int(key)
    except ValueError as error:
        raise _unprocessable(f'strconv.Atoi: parsing "{key}": invalid syntax') from error
    size = len(items) + (1 if for_insert else 0)
    if not -size <= index < size:
        raise _unprocessable(f"Unable to access invalid index: {index}: invalid index referenced")
    return index + size if index < 0 else index
