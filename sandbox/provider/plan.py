"""Deciding what Terraform will show and do: a pure function of prior state, proposal and configuration.

Follows the old plugin SDK, which the real provider is built on: an unset computed attribute keeps its prior value, is
unknown for a new object; unset attributes take their default; equal spellings keep the prior value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.provider.rules import Rules
from sandbox.provider.schema import Block, Nested
from sandbox.provider.settle import same_value
from sandbox.provider.wire import UNKNOWN, Values, has_unknown, is_empty

Path = tuple[str | int, ...]


def plan_values(
    block: Block,
    rules: Rules,
    prior: Mapping[str, Any] | None,
    proposed: Mapping[str, Any],
    config: Mapping[str, Any],
    prefix: str = "",
) -> Values:
    """The planned object.

    Args:
        prior: the object as known, None for a new one.
        proposed: Terraform core's merge of prior and configuration.
        config: the configuration alone.
    """
    planned: Values = {}
    for name, attribute in block.attributes.items():
        path = prefix + name
        known = None if prior is None else prior.get(name)
        value = config.get(name)
        if attribute.write_only:
            value = None
        elif value is None and path in rules.defaults:
            value = rules.defaults[path]
        elif value is None and attribute.computed:
            value = UNKNOWN if prior is None else known
        if prior is not None and value is not UNKNOWN and same_value(attribute.type, rules, path, known, value):
            value = known
        planned[name] = value
    for name, nested in block.blocks.items():
        known = None if prior is None else prior.get(name)
        planned[name] = _plan_blocks(
            nested, rules, known, proposed.get(name), config.get(name), prefix + name, prior is None
        )
    return planned


def _plan_blocks(nested: Nested, rules: Rules, prior: Any, proposed: Any, config: Any, path: str, is_new: bool) -> Any:
    if nested.mode == "single" or config is UNKNOWN:
        return config
    if not config:
        if path not in rules.computed_blocks:
            return []
        return UNKNOWN if is_new or prior is UNKNOWN else prior or []
    before = prior if isinstance(prior, list) else []
    proposals = proposed if isinstance(proposed, list) else []
    planned: list[Any] = []
    for index, item in enumerate(config):
        if item is UNKNOWN:
            planned.append(item)
            continue
        if nested.mode == "set":
            known = _matching(nested, rules, before, item, f"{path}.")
        else:
            known = before[index] if index < len(before) else None
        proposal = proposals[index] if index < len(proposals) and proposals[index] is not UNKNOWN else item
        planned.append(plan_values(nested.block, rules, known, proposal, item, f"{path}."))
    return planned


def _matching(nested: Nested, rules: Rules, before: list[Any], item: Mapping[str, Any], prefix: str) -> Any:
    """The known element of a set that the configured one describes: planning on top of it changes nothing."""
    for known in before:
        if plan_values(nested.block, rules, known, item, item, prefix) == known:
            return known
    return None


def changes(
    block: Block, prior: Values, planned: Values, prefix: str = "", at: Path = ()
) -> Iterator[tuple[str, Path]]:
    """Where the plan differs from the prior state, as (path without positions, path for Terraform).

    A set's difference is told once, for the whole set: Terraform has no positions in sets.
    """
    for name in block.attributes:
        if prior.get(name) != planned.get(name):
            yield prefix + name, (*at, name)
    for name, nested in block.blocks.items():
        if nested.mode == "single":
            continue
        yield from _block_changes(nested, prior.get(name), planned.get(name), prefix + name, (*at, name))


def _block_changes(nested: Nested, prior: Any, planned: Any, path: str, at: Path) -> Iterator[tuple[str, Path]]:
    if prior == planned:
        return
    is_flat = nested.mode == "set" or not isinstance(prior, list) or not isinstance(planned, list)
    if is_flat or len(prior) != len(planned):
        if nested.mode != "set" or not _same_members(prior, planned):
            yield path, at
        return
    for index, (one, other) in enumerate(zip(prior, planned, strict=True)):
        if isinstance(one, dict) and isinstance(other, dict):
            yield from changes(nested.block, one, other, f"{path}.", (*at, index))
        elif one != other:
            yield path, at


def _same_members(one: Any, other: Any) -> bool:
    if not isinstance(one, list) or not isinstance(other, list) or len(one) != len(other):
        return False
    return all(item in other for item in one) and all(item in one for item in other)


def is_known(*values: Any) -> bool:
    """Whether nothing among the values waits for an apply."""
    return not any(has_unknown(value) for value in values)


def value_at(values: Any, at: Path) -> Any:
    """The value at a path with positions, None where there is none."""
    for step in at:
        if isinstance(step, int):
            values = values[step] if isinstance(values, list) and step < len(values) else None
        else:
            values = values.get(step) if isinstance(values, dict) else None
    return values


def says_at(values: Any, path: str) -> bool:
    """Whether anything known stands at a path without positions."""
    name, _, rest = path.partition(".")
    found = values.get(name) if isinstance(values, dict) else None
    if not rest:
        return found is not UNKNOWN and not is_empty(found)
    return any(says_at(item, rest) for item in (found if isinstance(found, list) else ()))
