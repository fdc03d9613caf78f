"""Terraform's values to the API's JSON and back, by schema and rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.provider.rules import Rules
from sandbox.provider.schema import Attribute, Block, Nested
from sandbox.provider.wire import UNKNOWN, Values

Json = dict[str, Any]


def to_body(block: Block, rules: Rules, values: Mapping[str, Any], prefix: str = "") -> Json:
    """The request body of an object: inputs that are set, under the API's names."""
    body: Json = {}
    for name, attribute in block.attributes.items():
        path = prefix + name
        value = values.get(name)
        if value is None or value is UNKNOWN or not _is_sent(attribute, rules, path):
            continue
        _put(body, rules.key(path), _encode(rules, path, value))
    for name, nested in block.blocks.items():
        path = prefix + name
        if rules.is_local(path) or path in rules.read_only:
            continue
        content = _nested_body(nested, rules, values.get(name), path)
        if content is not None:
            _put(body, rules.key(path), content)
    if not prefix and rules.labels:
        _put_labels(body, rules, values)
    return body


def _is_sent(attribute: Attribute, rules: Rules, path: str) -> bool:
    return not (attribute.is_output or attribute.write_only or rules.is_local(path) or path in rules.read_only)


def _encode(rules: Rules, path: str, value: Any) -> Any:
    if path in rules.encode:
        return rules.encode[path](value)
    return str(value) if path in rules.strings else value


def _nested_body(nested: Nested, rules: Rules, held: Any, path: str) -> Any:
    if not isinstance(held, list) or not held:
        return None
    items = [to_body(nested.block, rules, item or {}, f"{path}.") for item in held]
    content: Any = items[0] if nested.most == 1 and path not in rules.arrays else items
    return rules.encode[path](content) if path in rules.encode else content


def _put_labels(body: Json, rules: Rules, values: Mapping[str, Any]) -> None:
    assert rules.labels
    key = rules.key(rules.labels)
    labels = values.get("effective_labels")
    body.pop("effectiveLabels", None)
    body.pop(key, None)
    if labels and labels is not UNKNOWN:
        body[key] = labels


def _put(body: Json, key: str, value: Any) -> None:
    *parents, leaf = key.split(".")
    for parent in parents:
        body = body.setdefault(parent, {})
    if isinstance(value, dict) and isinstance(body.get(leaf), dict):
        body[leaf].update(value)
    else:
        body[leaf] = value


def take(body: Any, key: str) -> Any:
    """The value at a dotted key, None when any part is missing."""
    for part in key.split("."):
        if not isinstance(body, Mapping):
            return None
        body = body.get(part)
    return body


def from_body(block: Block, rules: Rules, body: Mapping[str, Any], prefix: str = "") -> Values:
    """What an answer says, in Terraform's names: only what it contains. Labels come as effective_labels."""
    values: Values = {}
    for name, attribute in block.attributes.items():
        path = prefix + name
        if rules.is_local(path) or path in rules.sent_only or attribute.write_only:
            continue
        found = take(body, rules.key(path))
        if found is not None:
            found = rules.decode[path](found) if path in rules.decode else found
            values[name] = convert(attribute.type, found)
    for name, nested in block.blocks.items():
        path = prefix + name
        if not rules.is_local(path) and path not in rules.sent_only:
            values[name] = _nested_values(nested, rules, take(body, rules.key(path)), path)
    if not prefix and rules.labels:
        values.pop(rules.labels, None)
        values["effective_labels"] = dict(take(body, rules.key(rules.labels)) or {})
    return values


def _nested_values(nested: Nested, rules: Rules, found: Any, path: str) -> list[Values]:
    if path in rules.decode:
        found = rules.decode[path](found)
    if found is None:
        return []
    items = found if isinstance(found, list) else [found]
    return [from_body(nested.block, rules, item, f"{path}.") for item in items if isinstance(item, Mapping)]


def convert(kind: Any, value: Any) -> Any:
    """A JSON value as Terraform's type: Google writes 64-bit numbers as strings, Terraform some numbers as text."""
    if value is None:
        return None
    if kind == "number":
        return _number(value)
    if kind == "string":
        return _text(value)
    if kind == "bool":
        return value if isinstance(value, bool) else str(value).lower() == "true"
    if not isinstance(kind, list):
        return value
    if kind[0] in ("list", "set"):
        return [convert(kind[1], item) for item in value] if isinstance(value, list) else []
    if kind[0] == "map":
        return {key: convert(kind[1], item) for key, item in value.items()} if isinstance(value, Mapping) else {}
    fields: Mapping[str, Any] = kind[1]
    return {name: convert(item, value.get(name)) for name, item in fields.items()}


def _number(value: Any) -> int | float | None:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return int(value) if float(value).is_integer() else value
    try:
        return int(value)
    except (TypeError, ValueError):
        try:
            return float(value)
        except (TypeError, ValueError):
            return None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
