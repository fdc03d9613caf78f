"""What the server fills in where an object of a built-in kind says nothing.

A table from the names of definitions to their defaults; a walk along the published types finds where they apply.
Source: the `SetDefaults_…` functions and `+default` marks of Kubernetes 1.33 (`pkg/apis/*/v1/defaults.go`).
Defaults of custom resources are in their schema and none of this module's business.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

from sandbox.kubernetes.default_rules import RULES, Rules
from sandbox.kubernetes.types import Schema, definition

Object = dict[str, Any]
_NONE: Rules = ({}, None)


def _itself(value: Any) -> Iterable[Any]:
    return (value,)


def _items(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else ()


def _values(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else ()


def fill_defaults(obj: Object, schema: Schema) -> None:
    """Fill in an object's defaults in place."""
    constants, function = RULES.get(schema.name, _NONE)
    for key, value in constants.items():
        if obj.get(key) is None:
            obj[key] = copy.deepcopy(value)
    if function is not None:
        function(obj)
    for key, objects_in, child in _ways(schema):
        value = obj.get(key)
        if value is not None:
            for each in objects_in(value):
                if isinstance(each, dict):
                    fill_defaults(each, child)


_Way = tuple[str, Callable[[Any], Iterable[Any]], Schema]


@cache
def _ways(schema: Schema) -> tuple[_Way, ...]:
    """Return the fields that lead to anything with defaults."""
    return tuple(way for way in _children(schema) if _leads_to_defaults(way[2].name))


def _children(schema: Schema) -> Iterator[_Way]:
    for key in schema.fields:
        child = schema.child(key)
        if child is None:
            continue
        if child.single == "list" and child.items.name:
            yield key, _items, child.items
        elif child.single == "map" and child.fields and child.name:
            yield key, _itself, child
        elif child.single == "map" and child.unknown is not None and child.unknown.name:
            yield key, _values, child.unknown


@cache
def _leads_to_defaults(name: str) -> bool:
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current in RULES:
            return True
        if current not in seen:
            seen.add(current)
            waiting += [child.name for _, _, child in _children(definition(current))]
    return False
