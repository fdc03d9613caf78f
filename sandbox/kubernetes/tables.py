"""Answers as tables, for `kubectl get`: the columns are data, their cells are worked out here.

Source: `pkg/printers/internalversion/printers.go` of Kubernetes 1.33 for built-in kinds, `additionalPrinterColumns`
for custom ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.kubernetes.ages import age
from sandbox.kubernetes.cells import CELLS
from sandbox.kubernetes.jsonpaths import find_all
from sandbox.kubernetes.published import read_data
from sandbox.kubernetes.resources import Resource
from sandbox.kubernetes.status import qualified

Object = dict[str, Any]

_NAME: Object = {"name": "Name", "type": "string", "format": "name", "description": "", "priority": 0}


def table(
    resource: Resource,
    objects: Iterable[Object],
    metadata: Object,
    include: str,
    version: str = "v1",
    *,
    with_columns: bool = True,
) -> Object:
    """Return objects as a `Table`.

    Args:
        resource: What they are.
        objects: In the version that is served.
        metadata: The list's.
        include: What each row carries: None, Metadata or Object.
        version: Of `meta.k8s.io`.
        with_columns: False from the second event of a watch on.
    """
    rows = [_row(resource, obj, include, version) for obj in objects]
    columns = columns_of(resource) if with_columns else None
    head = {"kind": "Table", "apiVersion": f"meta.k8s.io/{version}", "metadata": metadata}
    return {**head, "columnDefinitions": columns, "rows": rows}


def columns_of(resource: Resource) -> list[Object]:
    """Return a resource's columns."""
    if resource.custom is not None:
        return [_NAME, *(_custom_column(column) for column in resource.custom.columns)]
    columns = read_data("columns.json")[qualified(resource.group, resource.plural)]
    return [{**column, "description": ""} for column in columns]


def _custom_column(column: Object) -> Object:
    return {
        "name": column["name"],
        "type": column["type"],
        "format": column.get("format", ""),
        "description": column.get("description", ""),
        "priority": column.get("priority", 0),
    }


def _row(resource: Resource, obj: Object, include: str, version: str) -> Object:
    row: Object = {"cells": _cells(resource, obj), "object": None}
    if include == "Object":
        row["object"] = obj
    elif include != "None":
        row["object"] = partial_metadata(obj, version)
    return row


def partial_metadata(obj: Object, version: str = "v1") -> Object:
    """Return an object's metadata alone."""
    return {"kind": "PartialObjectMetadata", "apiVersion": f"meta.k8s.io/{version}", "metadata": obj["metadata"]}


def _cells(resource: Resource, obj: Object) -> list[Any]:
    if resource.custom is not None:
        values = [_custom_cell(column, obj) for column in resource.custom.columns]
        return [obj["metadata"]["name"], *values]
    cells = CELLS.get((resource.group, resource.plural))
    if cells is not None:
        return cells(obj)
    return [_generic_cell(column, obj) for column in columns_of(resource)]


def _generic_cell(column: Object, obj: Object) -> Any:
    if column["name"] == "Name":
        return obj["metadata"]["name"]
    created: str = obj["metadata"]["creationTimestamp"]
    if column["name"] == "Age":
        return age(created)
    return created if column["name"] == "Created At" else None


def _custom_cell(column: Object, obj: Object) -> Any:
    found = find_all(obj, column["jsonPath"])
    if not found:
        return None
    value = found[0] if len(found) == 1 else ",".join(str(each) for each in found)
    if column["type"] == "date":
        return age(value) if isinstance(value, str) else None
    if column["type"] == "integer" and isinstance(value, float):
        return int(value)
    return value if isinstance(value, (str, bool, int, float)) else _as_json(value)


def _as_json(value: Any) -> str:
    import json

    return json.dumps(value, separators=(",", ":"))
