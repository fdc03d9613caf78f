"""Whether a value has its type, in the words of server-side apply (`validate.go` of structured-merge-diff v4)."""

from __future__ import annotations

from typing import Any

from sandbox.kubernetes.fields import element_text, item_element
from sandbox.kubernetes.types import Schema


def check_typed(value: Any, schema: Schema, *, allow_duplicates: bool = False, path: str = "") -> list[str]:
    """Return what keeps a value from having its type, each as `PATH: what`, in the words of server-side apply."""
    shape = schema.shape(value)
    if value is None:
        return []
    if shape == "scalar":
        problem = _scalar_problem(value, schema)
        return [f"{path}: {problem}"] if problem else []
    if shape == "map":
        if not isinstance(value, dict):
            return [f"{path}: expected map, got &{{{_go(value)}}}"]
        return _check_map(value, schema, allow_duplicates, path)
    if not isinstance(value, list):
        return [f"{path}: expected list, got &{{{_go(value)}}}"]
    return _check_list(value, schema, allow_duplicates, path)


def _check_map(value: dict[str, Any], schema: Schema, allow_duplicates: bool, path: str) -> list[str]:
    problems: list[str] = []
    for key, item in value.items():
        child = schema.child(key)
        if child is None:
            return [*problems, f"{path}.{key}: field not declared in schema"]
        problems += check_typed(item, child, allow_duplicates=allow_duplicates, path=f"{path}.{key}")
    return problems


def _check_list(value: list[Any], schema: Schema, allow_duplicates: bool, path: str) -> list[str]:
    problems: list[str] = []
    seen: set[str] = set()
    for index, item in enumerate(value):
        text = f"[{index}]"
        if schema.list_type != "atomic":
            try:
                element = item_element(item, schema)
            except ValueError as error:
                return [*problems, f"{path}: element {index}: {error}"]
            text = element_text(element)
            if element in seen and not allow_duplicates:
                problems.append(f"{path}: duplicate entries for key {text}")
            seen.add(element)
        problems += check_typed(item, schema.items, allow_duplicates=allow_duplicates, path=path + text)
    return problems


def _scalar_problem(value: Any, schema: Schema) -> str | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if schema.scalar == "numeric" and not is_number:
        return f"expected numeric (int or float), got {_go_type(value)}"
    if schema.scalar == "string" and not isinstance(value, str):
        return f"expected string, got &value.valueUnstructured{{Value:{_go(value)}}}"
    if schema.scalar == "boolean" and not isinstance(value, bool):
        return f"expected boolean, got &{{{_go(value)}}}"
    if schema.scalar == "untyped" and isinstance(value, dict | list):
        return f"expected any scalar, got &{{{_go(value)}}}"
    return None


def _go(value: Any) -> str:
    """Write a value as Go's %v does."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{_go(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(_go, value)) + "]"
    return "<nil>" if value is None else str(value)


def _go_type(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    return "map[string]interface {}" if isinstance(value, dict) else "[]interface {}"
