"""The published data that the API server is driven by, each read once.

- `discovery.json`: every served resource (group, version, plural, kind, scope, verbs, subresources), read from a
  kube-apiserver 1.33.4.
- `definitions.json`: its OpenAPI v2 definitions without prose.
- `columns.json`: the columns of its tables.
- `protobuf.json`: the field numbers of its types (see protobuf.py).

Types are read from the definitions by `types.py`.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent.parent / "data" / "kubernetes"
REFERENCE = "#/definitions/"

# API groups whose Go package is not named after the group's first label.
_PACKAGES = {
    "": "io.k8s.api.core",
    "apiextensions.k8s.io": "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions",
    "apiregistration.k8s.io": "io.k8s.kube-aggregator.pkg.apis.apiregistration",
}


@cache
def read_data(name: str) -> Any:
    """Return the content of one of the data files."""
    return json.loads((DATA / name).read_text())


def read_definitions() -> dict[str, dict[str, Any]]:
    """Return the OpenAPI v2 definitions by name."""
    definitions: dict[str, dict[str, Any]] = read_data("definitions.json")
    return definitions


def definition_name(group: str, version: str, kind: str) -> str:
    """Return the name of a built-in kind's definition, such as `io.k8s.api.apps.v1.Deployment`."""
    package = _PACKAGES.get(group) or f"io.k8s.api.{group.partition('.')[0]}"
    return f"{package}.{version}.{kind}"


def referenced(schema: dict[str, Any]) -> str | None:
    """Return the name of the definition that a property refers to, or None."""
    reference = schema.get("$ref")
    return reference.removeprefix(REFERENCE) if isinstance(reference, str) else None
