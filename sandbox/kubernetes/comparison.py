"""What differs between two typed objects: fields removed, modified and added.

Follows `compare.go` of sigs.k8s.io/structured-merge-diff v4.
"""

from __future__ import annotations

from typing import Any

from sandbox.kubernetes.fields import Fields
from sandbox.kubernetes.merge import MISSING, element_index, same
from sandbox.kubernetes.types import Schema


class Comparison:
    """What changed between two objects: no field is in more than one of the three sets."""

    __slots__ = ("added", "modified", "removed")

    def __init__(self) -> None:
        self.removed = Fields()
        self.modified = Fields()
        self.added = Fields()

    def without(self, ignored: Fields) -> Comparison:
        """Leave out these fields and all below them."""
        if ignored:
            self.removed = self.removed.without(ignored)
            self.modified = self.modified.without(ignored)
            self.added = self.added.without(ignored)
        return self


def compare(old: Any, new: Any, schema: Schema) -> Comparison:
    """Return which fields were removed, modified and added."""
    comparison = Comparison()
    _Comparing(comparison, has_exact_types(schema)).descend(old, new, schema, ())
    return comparison


def has_exact_types(schema: Schema) -> bool:
    """Tell whether `==` decides on equality: no field of the type may be 1 here and true there."""
    return schema.is_builtin and not schema.name.endswith((".CustomResourceDefinition", ".ControllerRevision"))


class _Comparing:
    def __init__(self, comparison: Comparison, is_exact: bool):
        self.comparison = comparison
        self.is_exact = is_exact

    def descend(self, old: Any, new: Any, schema: Schema, path: tuple[str, ...]) -> None:
        if old is new or (self.is_exact and old == new):
            return
        shape = schema.shape(old if new is MISSING else new)
        if schema.single is None and old is not MISSING and new is not MISSING:
            old_shape = schema.shape(old)
            if old_shape != shape:
                self._visit(old_shape, old, new, schema, path)
        is_leaf = self._visit(shape, old, new, schema, path)
        if not is_leaf:
            if old is MISSING:
                _insert(self.comparison.added, path)
            elif new is MISSING:
                _insert(self.comparison.removed, path)

    def _visit(self, shape: str, old: Any, new: Any, schema: Schema, path: tuple[str, ...]) -> bool:
        if shape == "map" and not schema.is_atomic:
            left, right = (value if isinstance(value, dict) else {} for value in (old, new))
            if left or right:
                self._maps(left, right, schema, path)
                return False
        elif shape == "list" and schema.list_type != "atomic":
            left_items, right_items = (value if isinstance(value, list) else [] for value in (old, new))
            if left_items or right_items:
                self._lists(left_items, right_items, schema, path)
                return False
        self._leaf(old, new, path)
        return True

    def _leaf(self, old: Any, new: Any, path: tuple[str, ...]) -> None:
        if old is MISSING:
            _insert(self.comparison.added, path)
        elif new is MISSING:
            _insert(self.comparison.removed, path)
        elif not same(old, new):
            _insert(self.comparison.modified, path)

    def _maps(self, old: dict[str, Any], new: dict[str, Any], schema: Schema, path: tuple[str, ...]) -> None:
        for key in old.keys() | new.keys():
            child = schema.child(key)
            if child is not None:
                self.descend(old.get(key, MISSING), new.get(key, MISSING), child, (*path, f"f:{key}"))

    def _lists(self, old: list[Any], new: list[Any], schema: Schema, path: tuple[str, ...]) -> None:
        left, right = _grouped(old, schema), _grouped(new, schema)
        for element in left.keys() | right.keys():
            before, after = left.get(element, []), right.get(element, [])
            below = (*path, element)
            if len(before) <= 1 and len(after) <= 1:
                self.descend(before[0] if before else MISSING, after[0] if after else MISSING, schema.items, below)
            elif len(before) >= 2 and len(after) >= 2:
                if not same(before, after):
                    _insert(self.comparison.modified, below)
            elif len(before) >= 2:
                if after:
                    self.descend(MISSING, after[0], schema.items, below)
                _insert(self.comparison.removed, below)
            else:
                if before:
                    self.descend(before[0], MISSING, schema.items, below)
                _insert(self.comparison.added, below)


def _grouped(items: list[Any], schema: Schema) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for element, item in element_index(items, schema):
        groups.setdefault(element, []).append(item)
    return groups


def _insert(fields: Fields, path: tuple[str, ...]) -> None:
    if not path:
        return
    for element in path[:-1]:
        child = fields.children.get(element)
        if child is None:
            child = fields.children[element] = Fields()
        fields = child
    fields.members.add(path[-1])
