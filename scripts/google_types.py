"""Write the types of Google's requests as the sandbox checks them, from the documents that Google's client carries.

`python scripts/google_types.py` rewrites `sandbox/data/google/API.json`: per type its fields; a field is "string",
"boolean", "number", "any", an integer's format, "enum A B", "#Type", [items] or {"*": values}.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import googleapiclient

DOCUMENTS = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
TARGET = Path(__file__).parents[1] / "sandbox" / "data" / "google"
INTEGERS = ("int32", "int64", "uint32", "uint64")
REQUESTS = {
    "artifactregistry.v1": ["Repository"],
    "bigquery.v2": ["Dataset"],
    "compute.v1": [
        "Address",
        "Firewall",
        "GlobalSetLabelsRequest",
        "Network",
        "NetworksRemovePeeringRequest",
        "RegionSetLabelsRequest",
        "Router",
        "Subnetwork",
        "SubnetworksExpandIpCidrRangeRequest",
        "SubnetworksSetPrivateIpGoogleAccessRequest",
    ],
    "container.v1": [
        "CreateClusterRequest",
        "CreateNodePoolRequest",
        "SetAddonsConfigRequest",
        "SetLabelsRequest",
        "SetLegacyAbacRequest",
        "SetLocationsRequest",
        "SetLoggingServiceRequest",
        "SetMaintenancePolicyRequest",
        "SetMonitoringServiceRequest",
        "SetNodePoolAutoscalingRequest",
        "SetNodePoolManagementRequest",
        "SetNodePoolSizeRequest",
        "UpdateClusterRequest",
        "UpdateNodePoolRequest",
    ],
    "notebooks.v2": ["Instance"],
    "servicenetworking.v1": ["Connection", "DeleteConnectionRequest"],
    "sqladmin.v1beta4": ["BackupRun", "Database", "DatabaseInstance", "User"],
}


def write_types() -> None:
    """Write the file of each API."""
    TARGET.mkdir(parents=True, exist_ok=True)
    for document, requests in REQUESTS.items():
        schemas = json.loads((DOCUMENTS / f"{document}.json").read_text())["schemas"]
        found = types_below(schemas, requests)
        lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(fields)}" for name, fields in sorted(found.items()))
        (TARGET / f"{document.partition('.')[0]}.json").write_text(f"{{\n{lines}\n}}\n")


def types_below(schemas: dict[str, Any], names: list[str]) -> dict[str, dict[str, Any]]:
    """Return the fields of these types and of all that they refer to."""
    found: dict[str, dict[str, Any]] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            properties = schemas[name].get("properties", {})
            found[name] = {field: _type(schema, waiting) for field, schema in sorted(properties.items())}
    return found


def _type(schema: dict[str, Any], waiting: list[str]) -> Any:
    if "$ref" in schema:
        waiting.append(schema["$ref"])
        return f"#{schema['$ref']}"
    if schema["type"] == "array":
        return [_type(schema["items"], waiting)]
    if "additionalProperties" in schema:
        return {"*": _type(schema["additionalProperties"], waiting)}
    if "properties" in schema:
        return {field: _type(below, waiting) for field, below in sorted(schema["properties"].items())}
    if "enum" in schema:
        return "enum " + " ".join(schema["enum"])
    if schema.get("format") in INTEGERS:
        return schema["format"]
    return "any" if schema["type"] == "object" else schema["type"]


if __name__ == "__main__":
    write_types()
