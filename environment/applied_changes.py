"""What an apply has done that did not come to its end: by its events, and by the state that it left."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from environment.changes import Change
from environment.terraform_events import TerraformEvent

HALF_WAY = "(half-way)"
_CHANGING = ("delete", "create", "update")


def carried_out(planned: Iterable[Change], events: Iterable[TerraformEvent]) -> tuple[str, ...]:
    """Say what of a plan was carried out; of a replacement perhaps only one half."""
    done: dict[str, set[str]] = {}
    for event in events:
        if event.kind == "apply_complete":
            done.setdefault(event.address, set()).add(event.action)

    def lines(change: Change) -> Iterator[str]:
        actions = [action for action in _CHANGING if action in done.get(change.address, ())]
        if change.action == "replace" and len(actions) > 1:
            yield str(change)
        else:
            yield from (f"{action} {change.address}" for action in actions)

    return tuple(line for change in planned for line in lines(change))


def half_made(planned: Iterable[Change], done: Iterable[str], state: str | None) -> tuple[str, ...]:
    """Say what of a plan's creations failed half-way: the resource is there, and the state has it as tainted."""
    document: Mapping[str, Any] = json.loads(state) if state else {}
    tainted, lines = {*_tainted(document)}, {*done}

    def is_begun(change: Change) -> bool:
        # What is replaced may have been tainted before; not when it is gone.
        return change.action == "create" or f"delete {change.address}" in lines

    found = (one.address for one in planned if one.address in tainted and is_begun(one))
    return tuple(f"create {address} {HALF_WAY}" for address in found)


def _tainted(document: Mapping[str, Any]) -> Iterator[str]:
    for resource in document.get("resources") or ():
        parts = (resource.get("module", ""), resource["type"], resource["name"])
        for instance in resource["instances"]:
            if instance.get("status") == "tainted":
                index = f"[{json.dumps(instance['index_key'])}]" if "index_key" in instance else ""
                yield ".".join(filter(None, parts)) + index
