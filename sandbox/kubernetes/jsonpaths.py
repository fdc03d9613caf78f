"""The small part of JSONPath that printer columns and scale subresources use: names, indices and `*`."""

from __future__ import annotations

import re
from typing import Any

_STEP = re.compile(
    r"\.(?P<name>(?:[^.\[\\]|\\.)+)|\['(?P<quoted>[^']+)'\]|\[(?P<index>-?\d+|\*)\]"
    r"|\[\?\(@\.(?P<key>[\w.]+)\s*==\s*[\"'](?P<value>[^\"']*)[\"']\)\]"
)


def find_all(obj: Any, path: str) -> list[Any]:
    """Return what a path leads to; nothing where it leads nowhere."""
    found = [obj]
    position = 0
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None:
            return []
        position = step.end()
        found = [each for value in found for each in _take(value, step)]
    return [each for each in found if each is not None]


def _take(value: Any, step: re.Match[str]) -> list[Any]:
    name = step["name"] or step["quoted"]
    if name is not None:
        name = re.sub(r"\\(.)", r"\1", name)
        return [value[name]] if isinstance(value, dict) and name in value else []
    if not isinstance(value, list):
        return []
    if step["key"] is not None:
        return [each for each in value if isinstance(each, dict) and str(each.get(step["key"])) == step["value"]]
    if step["index"] == "*":
        return value
    index = int(step["index"])
    return [value[index]] if -len(value) <= index < len(value) else []


def set_value(obj: dict[str, Any], path: str, value: Any) -> None:
    """Put a value where a path of names leads."""
    *parents, last = path.lstrip(".").split(".")
    for name in parents:
        obj = obj.setdefault(name, {})
    obj[last] = value
