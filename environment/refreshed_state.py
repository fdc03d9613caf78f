"""Whether the refresh of a plan has met anything that others changed, from the states before and after it.

That is all that is taken from them: what changed is reported from `terraform show`, which knows the values to mask.

Source: Terraform's state format, version 4: internal/states/statefile/version4.go
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from environment.ignored_drift import SHIPPED, without_ignored
from environment.infrastructure_drift import infrastructure_drift
from environment.state_folder import STATE_FORMAT
from environment.terraform_plan import InfrastructurePlan, changed_outside

Instances = Mapping[str, Any]


def has_news(stored: str, refreshed: str) -> bool:
    """Tell whether anything differs but what Google itself writes.

    Args:
        stored: The state as it was written last.
        refreshed: The same with all that is there now.
    """
    documents = [json.loads(text) for text in (stored, refreshed)]
    if any(document.get("version") != STATE_FORMAT for document in documents):
        return True
    before, after = (dict(_instances(document)) for document in documents)
    if after.keys() != before.keys():
        return True
    drifted = [
        {"address": address, "mode": "managed", "change": _change(held, after.get(address))}
        for address, held in before.items()
        if held != after.get(address)
    ]
    planned = InfrastructurePlan(changes=(), outside=changed_outside({"resource_drift": drifted}))
    left, _ = without_ignored(infrastructure_drift(planned), SHIPPED, date.max)
    return bool(left)


def _change(before: Any, after: Any) -> dict[str, Any]:
    return {"actions": ["delete" if after is None else "update"], "before": before, "after": after}


def _instances(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Return the attributes of each resource that Terraform manages, by its address; one that is deposed is planned."""
    for resource in document.get("resources") or ():
        if resource["mode"] != "managed":
            continue
        address = ".".join(filter(None, (resource.get("module"), resource["type"], resource["name"])))
        for instance in resource["instances"]:
            key = instance.get("index_key")
            yield address if key is None else f"{address}[{json.dumps(key)}]", instance.get("attributes")
