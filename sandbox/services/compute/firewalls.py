"""The rules of VPC firewall rules.

Source: https://cloud.google.com/compute/docs/reference/rest/v1/firewalls
"""

from __future__ import annotations

from typing import Any

from sandbox.kernel.bodies import field
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import invalid
from sandbox.services.compute.kinds import Kind
from sandbox.services.compute.ranges import parse_range
from sandbox.services.compute.references import Reference
from sandbox.services.compute.store import find_network

Json = dict[str, Any]
_SOURCES = ("sourceRanges", "sourceTags", "sourceServiceAccounts")


def _prepare(cloud: Cloud, reference: Reference, body: Json) -> Json:
    document = {
        "description": "",
        "direction": "INGRESS",
        "priority": 1000,
        "disabled": False,
        "logConfig": {"enable": False},
        **{key: value for key, value in body.items() if value != []},
        "network": find_network(cloud, reference.project, body.get("network") or "global/networks/default"),
    }
    _check(document)
    if document["direction"] == "INGRESS" and not any(document.get(key) for key in _SOURCES):
        document["sourceRanges"] = ["0.0.0.0/0"]
    if document["direction"] == "EGRESS" and not document.get("destinationRanges"):
        document["destinationRanges"] = ["0.0.0.0/0"]
    return document


def _change(cloud: Cloud, reference: Reference, before: Json, wanted: Json) -> Json:
    changed = _prepare(cloud, reference, wanted)
    for name in ("network", "direction"):
        if changed[name] != before[name]:
            raise invalid(f"Invalid value for field 'resource.{name}': '{changed[name]}'. Field cannot be modified.")
    return changed


def _check(document: Json) -> None:
    if bool(document.get("allowed")) == bool(document.get("denied")):
        raise invalid("Invalid value for field 'resource.allowed'. Exactly one of allowed and denied must be given.")
    for rule in [*document.get("allowed", ()), *document.get("denied", ())]:
        if not field(rule, "IPProtocol", str, ""):
            raise invalid("Invalid value for field 'resource.allowed[].IPProtocol': ''. The field is required.")
    if document["direction"] not in ("INGRESS", "EGRESS"):
        raise invalid(f"Invalid value for field 'resource.direction': '{document['direction']}'.")
    if not 0 <= int(document["priority"]) <= 65535:
        raise invalid(f"Invalid value for field 'resource.priority': '{document['priority']}'. Must be 0 to 65535.")
    if document["direction"] == "EGRESS" and any(document.get(key) for key in ("sourceTags", "sourceServiceAccounts")):
        raise invalid("Invalid value for field 'resource.sourceTags'. Egress rules have none.")
    for key in ("sourceRanges", "destinationRanges"):
        for index, text in enumerate(document.get(key, ())):
            if ":" not in text:
                parse_range(text, f"resource.{key}[{index}]")


FIREWALLS = Kind(
    plural="firewalls",
    singular="firewall",
    kind="compute#firewall",
    insert_seconds=8.0,
    delete_seconds=8.0,
    prepare=_prepare,
    change=_change,
)
