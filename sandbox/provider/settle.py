"""The state after a call: what was planned or known before, corrected by what the cloud answers.

A value that the cloud merely spells differently keeps the spelling of the configuration, and what says nothing (zero,
blank) counts as unset, so that a plan after an apply is empty; anything else that differs is taken over, so
that a plan shows drift.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.provider.rules import Rules
from sandbox.provider.schema import Attribute, Block, Nested
from sandbox.provider.wire import UNKNOWN, Values, is_empty


def settle(
    block: Block,
    rules: Rules,
    held: Mapping[str, Any] | None,
    observed: Mapping[str, Any],
    prefix: str = "",
    *,
    is_imported: bool = False,
) -> Values:
    """The new state.

    Args:
        held: the planned values or the state so far; None for a block just met.
        observed: what the answer contains, as `bodies.from_body` gives it.
        is_imported: whether the state so far is only what an import's id tells.
    """
    state: Values = {}
    for name, attribute in block.attributes.items():
        path = prefix + name
        before = None if held is None else held.get(name)
        if rules.is_local(path) or path in rules.sent_only or attribute.write_only:
            state[name] = observed.get(name, None if before is UNKNOWN else before)
        else:
            state[name] = _settle_attribute(attribute, rules, path, before, observed.get(name))
    for name, nested in block.blocks.items():
        path = prefix + name
        blocks = None if held is None else held.get(name)
        if nested.mode == "single":
            state[name] = blocks
        elif name not in observed:
            state[name] = [] if blocks is None or blocks is UNKNOWN else blocks
        else:
            state[name] = _settle_blocks(nested, rules, path, blocks, observed[name], held is None or is_imported)
    return state


def _settle_attribute(attribute: Attribute, rules: Rules, path: str, before: Any, found: Any) -> Any:
    if before is UNKNOWN or (before is None and attribute.computed):
        return _empty_as_null(found, attribute)
    if found is None:
        return before if is_empty(before) else None
    if same_value(attribute.type, rules, path, before, found):
        return before
    if before is None and is_empty(found) and found != rules.defaults.get(path):
        return None
    return found


def _empty_as_null(found: Any, attribute: Attribute) -> Any:
    if found is None and isinstance(attribute.type, list) and attribute.type[0] == "map":
        return {}
    if found is None and isinstance(attribute.type, list) and attribute.is_output:
        return []
    return found


def same_value(kind: Any, rules: Rules, path: str, one: Any, other: Any) -> bool:
    """Whether two values mean the same: equal, both saying nothing, equal as sets, or the same by the type's rules."""
    if one is UNKNOWN or other is UNKNOWN:
        return one is other
    if one == other or (is_empty(one) and is_empty(other) and None in (one, other)):
        return True
    same = rules.same.get(path)
    if isinstance(kind, list) and kind[0] == "set" and isinstance(one, list) and isinstance(other, list):
        return _same_set(one, other, same)
    if same is None or one is None or other is None:
        return False
    return same(one, other)


def _same_set(one: list[Any], other: list[Any], same: Any) -> bool:
    if len(one) != len(other):
        return False
    rest = list(other)
    for item in one:
        match = next((found for found in rest if item == found or (same and same(item, found))), None)
        if match is None:
            return False
        rest.remove(match)
    return True


def _settle_blocks(
    nested: Nested, rules: Rules, path: str, before: Any, found: list[Values], is_new: bool
) -> list[Values]:
    if before is UNKNOWN or (not before and path in rules.computed_blocks):
        return [settle(nested.block, rules, None, item, f"{path}.") for item in found]
    if not before:
        if is_new or path in rules.tracked:
            fresh = [settle(nested.block, rules, None, item, f"{path}.") for item in found]
            return [
                item for item in fresh if path in rules.markers or says_something(nested.block, rules, item, f"{path}.")
            ]
        return []
    if not found:
        says_nothing = all(not says_something(nested.block, rules, item, f"{path}.") for item in before)
        return before if says_nothing and path not in rules.markers else []
    if nested.mode == "set":
        return _settle_set(nested, rules, path, before, found)
    pairs = [(before[index] if index < len(before) else None, item) for index, item in enumerate(found)]
    return [settle(nested.block, rules, one, item, f"{path}.") for one, item in pairs]


def _settle_set(nested: Nested, rules: Rules, path: str, before: list[Any], found: list[Values]) -> list[Values]:
    rest = list(before)
    state = []
    for item in found:
        matched = None
        for known in rest:
            candidate = settle(nested.block, rules, known, item, f"{path}.")
            if _agrees(candidate, known):
                matched = candidate
                rest.remove(known)
                break
        state.append(matched or settle(nested.block, rules, None, item, f"{path}."))
    return state


def _agrees(settled: Any, known: Any) -> bool:
    """Whether a settled value is the known one, unknown parts aside."""
    if known is UNKNOWN:
        return True
    if isinstance(known, dict) and isinstance(settled, dict):
        return all(_agrees(settled.get(name), value) for name, value in known.items())
    if isinstance(known, list) and isinstance(settled, list):
        return len(known) == len(settled) and all(map(_agrees, settled, known))
    return bool(settled == known)


def says_something(block: Block, rules: Rules, values: Mapping[str, Any], prefix: str) -> bool:
    """Whether a block holds anything beside zeros, blanks and defaults."""
    for name in block.attributes:
        value = values.get(name)
        if not is_empty(value) and value != rules.defaults.get(prefix + name):
            return True
    return any(
        f"{prefix}{name}" in rules.markers or says_something(nested.block, rules, item or {}, f"{prefix}{name}.")
        for name, nested in block.blocks.items()
        for item in values.get(name) or []
    )
