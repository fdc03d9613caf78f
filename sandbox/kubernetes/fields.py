"""Sets of fields, as `managedFields` holds them (FieldsV1), and the algebra that ownership is computed with.

A path element is written as FieldsV1 does: `f:NAME` a field, `k:{"name":"main"}` the list item with these keys,
`v:"x"` an item of a set. Semantics follow sigs.k8s.io/structured-merge-diff v4, package `fieldpath`. Sets are values:
operations return new ones and share what did not change.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Any

from sandbox.kubernetes.types import Schema


class Fields:
    """A set of fields: `members` of this level, and `children` with sets of their own, which need not be members."""

    __slots__ = ("children", "members")

    def __init__(self, members: set[str] | None = None, children: dict[str, Fields] | None = None):
        self.members: set[str] = set() if members is None else members
        self.children: dict[str, Fields] = {} if children is None else children

    def __bool__(self) -> bool:
        return bool(self.members) or any(self.children.values())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Fields):
            return NotImplemented
        return self.members == other.members and self.children == other.children

    __hash__ = None  # type: ignore[assignment]

    def union(self, other: Fields) -> Fields:
        """Return the fields of either."""
        children = {**self.children}
        for element, child in other.children.items():
            mine = children.get(element)
            children[element] = child if mine is None else mine.union(child)
        return Fields(self.members | other.members, children)

    def intersection(self, other: Fields) -> Fields:
        """Return the fields of both."""
        return Fields(
            self.members & other.members,
            _filled(
                self.children, lambda element, child: _with(child, other.children.get(element), Fields.intersection)
            ),
        )

    def difference(self, other: Fields) -> Fields:
        """Return the fields that the other has not; a field's own children are not touched by it."""
        if not other.children:
            return Fields(self.members - other.members, self.children)
        return Fields(
            self.members - other.members,
            _filled(
                self.children,
                lambda element, child: (
                    child.difference(other.children[element]) if element in other.children else child
                ),
            ),
        )

    def without(self, other: Fields) -> Fields:
        """Return the fields that neither the other has nor lie below one of its members (a recursive difference)."""

        def keep(element: str, child: Fields) -> Fields | None:
            if element in other.members:
                return None
            return child.without(other.children[element]) if element in other.children else child

        return Fields(self.members - other.members, _filled(self.children, keep))

    def with_named(self, schema: Schema | None) -> Fields:
        """Return the set and, as members too, the declared fields that only have children in it."""
        members = set(self.members)
        children: dict[str, Fields] = {}
        for element, child in self.children.items():
            inner: Schema | None = None
            if element[0] == "f":
                if schema is not None and "map" in schema.shapes:
                    inner = schema.child(element[2:])
                    if schema.is_declared(element[2:]):
                        members.add(element)
            elif element[0] == "k" and schema is not None and "list" in schema.shapes:
                inner = schema.items
            children[element] = child.with_named(inner)
        return Fields(members, children)

    def is_subset(self, other: Fields) -> bool:
        """Tell whether the other has all of these fields."""
        if not self.members <= other.members:
            return False
        theirs = other.children
        return all(
            not child or (element in theirs and child.is_subset(theirs[element]))
            for element, child in self.children.items()
        )

    def paths(self, prefix: str = "") -> Iterator[str]:
        """Return each field as conflicts name it, as `.spec.containers[name="main"].image`, in the server's order."""
        for element in _sorted(self.members):
            yield prefix + element_text(element)
        for element in _sorted(self.children.keys()):
            yield from self.children[element].paths(prefix + element_text(element))

    def to_json(self, *, is_member: bool = False) -> dict[str, Any]:
        """Return the set as FieldsV1."""
        out: dict[str, Any] = {}
        if is_member and (self.members or self.children):
            out["."] = {}
        for element in _sorted(self.members | self.children.keys()):
            child = self.children.get(element)
            out[element] = {} if child is None else child.to_json(is_member=element in self.members)
        return out


def from_json(fields: Mapping[str, Any]) -> Fields:
    """Read FieldsV1; elements of unknown kinds are left out, as the server does."""
    members: set[str] = set()
    children: dict[str, Fields] = {}
    for key, inner in fields.items():
        if key == "." or key[:2] not in _KINDS:
            continue
        element = key if key[0] == "f" else _canonical(key)
        if not inner or "." in inner:
            members.add(element)
        child = from_json(inner) if inner else None
        if child:
            children[element] = child
    return Fields(members, children)


def from_paths(*paths: tuple[str, ...]) -> Fields:
    """Return the set of these field paths, each a tuple of field names."""
    root = Fields()
    for path in paths:
        node = root
        for name in path[:-1]:
            node = node.children.setdefault(f"f:{name}", Fields())
        node.members.add(f"f:{path[-1]}")
    return root


def item_element(item: Any, schema: Schema) -> str:
    """Return the path element of an item of a list that merges ("set" or "map").

    Raises:
        ValueError: the item has no identity, in the server's words.
    """
    if schema.list_type == "set":
        if isinstance(item, dict):
            raise ValueError("associative list without keys has an element that's a map type")
        if isinstance(item, list):
            raise ValueError("not supported: associative list with lists as elements")
        if item is None:
            raise ValueError("associative list without keys has an element that's an explicit null")
        return "v:" + _compact(item)
    if item is None:
        raise ValueError("associative list with keys may not have a null element")
    if not isinstance(item, dict):
        raise ValueError("associative list with keys may not have non-map elements")
    values = []
    for name in schema.map_keys:
        value = item[name] if name in item else schema.items.key_default(name)
        if value is None and name not in item:
            omitted = f'associative list with keys has an element that omits key field "{name}"'
            raise ValueError(f"{omitted} (and doesn't have default value)")
        values.append(value)
    return _key_element(schema.map_keys, *values)


@lru_cache(maxsize=4096, typed=True)
def _key_element(names: tuple[str, ...], *values: Any) -> str:
    return "k:" + _compact(dict(sorted(zip(names, values, strict=True))))


@lru_cache(maxsize=4096)
def element_text(element: str) -> str:
    """Return a path element as error messages show it."""
    kind, content = element[:2], element[2:]
    if kind == "f:":
        return f".{content}"
    value = json.loads(content)
    if kind == "k:":
        return "[" + ",".join(f"{name}={_compact(value[name])}" for name in sorted(value)) + "]"
    return f"[={_compact(value)}]" if kind == "v:" else f"[{content}]"


@lru_cache(maxsize=4096)
def sort_key(element: str) -> tuple[int, Any]:
    """Order path elements as the server does: fields, then items by keys, then items by value."""
    kind = element[0]
    if kind == "f":
        return 0, element
    value = json.loads(element[2:])
    if kind == "k":
        return 1, [(name, _value_key(value[name])) for name in sorted(value)]
    return 2, _value_key(value)


_ENCODE = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
_KINDS = {"f:", "k:", "v:", "i:"}


def _value_key(value: Any) -> tuple[int, Any]:
    if isinstance(value, bool):
        return 3, value
    if isinstance(value, int | float):
        return 1, value
    return (2, value) if isinstance(value, str) else (4, _compact(value))


@lru_cache(maxsize=4096)
def _canonical(element: str) -> str:
    value = json.loads(element[2:])
    return element[:2] + _compact(dict(sorted(value.items())) if isinstance(value, dict) else value)


def _compact(value: Any) -> str:
    return _ENCODE(value)


def _sorted(elements: AbstractSet[str]) -> list[str]:
    return sorted(elements) if all(element[0] == "f" for element in elements) else sorted(elements, key=sort_key)


def _with(mine: Fields, other: Fields | None, combine: Callable[[Fields, Fields], Fields]) -> Fields | None:
    return None if other is None else combine(mine, other)


def _filled(children: dict[str, Fields], change: Callable[[str, Fields], Fields | None]) -> dict[str, Fields]:
    """Change each child and drop those that end up empty."""
    changed = ((element, change(element, child)) for element, child in children.items())
    return {element: child for element, child in changed if child}
