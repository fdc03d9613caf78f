"""Getting and listing objects.

Source: the API's concepts page on resource versions and `limit`/`continue`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.kubernetes.causes import Cause
from sandbox.kubernetes.cluster import Cluster
from sandbox.kubernetes.conversion import to_served
from sandbox.kubernetes.negotiation import METADATA, METADATA_LIST, TABLE, Form
from sandbox.kubernetes.resources import Resource
from sandbox.kubernetes.selectors import SELECTABLE, Predicate, parse_field_selector, parse_label_selector
from sandbox.kubernetes.status import bad_request, expired, invalid_options, too_large_resource_version
from sandbox.kubernetes.storage import Record
from sandbox.kubernetes.tables import partial_metadata, table

Object = dict[str, Any]

_CONTINUE_EXPIRED = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)


@dataclass(frozen=True)
class Selection:
    """Which objects are asked for: of one namespace or all, with labels and fields."""

    resource: Resource
    namespace: str
    labels: Predicate | None
    fields: Predicate | None

    def selects(self, record: Record) -> bool:
        """Say whether an object is asked for."""
        if self.namespace and record.namespace != self.namespace:
            return False
        if self.labels is not None and not self.labels(record.view):
            return False
        return self.fields is None or self.fields(to_served(record.view, self.resource))


def read_selection(resource: Resource, namespace: str, query: Mapping[str, str]) -> Selection:
    """Read the selectors of a request.

    Raises:
        ApiError: One cannot be read (400).
    """
    labels, fields = query.get("labelSelector", ""), query.get("fieldSelector", "")
    custom = resource.custom.selectable_fields if resource.custom else ()
    selectable = custom or SELECTABLE.get((resource.group, resource.plural), ())
    return Selection(
        resource,
        namespace,
        parse_label_selector(labels) if labels else None,
        parse_field_selector(fields, selectable) if fields else None,
    )


# --- one object ----------------------------------------------------------------------------------------------------


def render_object(resource: Resource, obj: Object, form: Form, include: str = "Metadata") -> bytes:
    """Return an object in the form that the client wants."""
    if form.shape == TABLE:
        metadata = {"resourceVersion": obj["metadata"].get("resourceVersion", "")}
        return encode(table(resource, [obj], metadata, include, form.version))
    if form.shape in (METADATA, METADATA_LIST):
        return encode(partial_metadata(obj, form.version))
    return encode(obj)


def render_record(resource: Resource, record: Record, form: Form, include: str = "Metadata") -> bytes:
    """Return a stored object in the form that the client wants."""
    if not form.shape and record.view.get("apiVersion") == resource.api_version:
        return record.text.encode()
    return render_object(resource, to_served(record.view, resource), form, include)


def encode(value: Any) -> bytes:
    """Write JSON as short as it can be."""
    return json.dumps(value, separators=(",", ":")).encode()


# --- lists ---------------------------------------------------------------------------------------------------------


def render_list(cluster: Cluster, selection: Selection, form: Form, query: Mapping[str, str]) -> bytes:
    """Return a list in the form that the client wants.

    Raises:
        ApiError: The version or the continuation asked for cannot be served (410, 504, 400).
    """
    records, metadata = _select(cluster, selection, query)
    resource = selection.resource
    if form.shape == TABLE:
        objects = (to_served(record.view, resource) for record in records)
        return encode(table(resource, objects, metadata, query.get("includeObject", "Metadata"), form.version))
    if form.shape in (METADATA, METADATA_LIST):
        items = [partial_metadata(record.view, form.version) for record in records]
        version = f"meta.k8s.io/{form.version}"
        listed = {"kind": METADATA_LIST, "apiVersion": version, "metadata": metadata, "items": items}
        return encode(listed)
    if resource.custom is not None:
        # Lists of custom resources are written with it even when there is nothing to continue.
        metadata.setdefault("continue", "")
    items_text = ",".join(_item_text(resource, record) for record in records)
    head = encode({"kind": resource.list_kind, "apiVersion": resource.api_version, "metadata": metadata})
    return head[:-1] + b',"items":[' + items_text.encode() + b"]}"


def _item_text(resource: Resource, record: Record) -> str:
    """Items of built-in lists do not repeat what the list says of them."""
    if resource.custom is not None:
        same = record.view["apiVersion"] == resource.api_version
        return record.text if same else json.dumps(to_served(record.view, resource), separators=(",", ":"))
    head = f'{{"apiVersion":"{resource.api_version}","kind":"{resource.kind}",'
    if record.text.startswith(head):
        return "{" + record.text[len(head) :]
    served = {k: v for k, v in to_served(record.view, resource).items() if k not in ("apiVersion", "kind")}
    return json.dumps(served, separators=(",", ":"))


def _select(cluster: Cluster, selection: Selection, query: Mapping[str, str]) -> tuple[list[Record], Object]:
    token = query.get("continue", "")
    version, start = _read_continue(token) if token else (_read_version(cluster, query), "")
    records = _records_at(cluster, selection, version, has_token=bool(token))
    selected = [record for record in records if selection.selects(record) and _key(record) >= start]
    shown_version = version or cluster.store.revision
    metadata: Object = {"resourceVersion": str(shown_version)}
    limit = int(query.get("limit") or 0)
    if 0 < limit < len(selected):
        metadata["continue"] = _write_continue(shown_version, _key(selected[limit]))
        if selection.labels is None and selection.fields is None:
            metadata["remainingItemCount"] = len(selected) - limit
        selected = selected[:limit]
    return selected, metadata


def _key(record: Record) -> str:
    return f"{record.namespace}/{record.name}"


def _records_at(cluster: Cluster, selection: Selection, version: int, *, has_token: bool) -> list[Record]:
    resource = selection.resource
    if not version or version == cluster.store.revision:
        return cluster.select(resource, selection.namespace)
    records = cluster.store.select_at(*resource.stored_as, selection.namespace, version)
    if records is None:
        message = _CONTINUE_EXPIRED if has_token else f"The resourceVersion for the provided list is too old: {version}"
        raise expired(message)
    return records


def _read_version(cluster: Cluster, query: Mapping[str, str]) -> int:
    """Return the version that a list has to show exactly, or 0 for the newest."""
    wanted = parse_version(query.get("resourceVersion", ""))
    if wanted > cluster.store.revision:
        raise too_large_resource_version(wanted, cluster.store.revision)
    match = query.get("resourceVersionMatch", "")
    if match and not query.get("resourceVersion"):
        text = "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided"
        raise invalid_options("ListOptions", [Cause("resourceVersionMatch", "FieldValueForbidden", text)])
    return wanted if match == "Exact" else 0


def parse_version(text: str) -> int:
    """Return a resourceVersion as a number; 0 stands for none.

    Raises:
        ApiError: It is no number (400).
    """
    if not text:
        return 0
    if not text.isdigit():
        problem = f'Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
        raise bad_request(f"invalid resource version: resourceVersion: {problem}")
    return int(text)


def _write_continue(version: int, start: str) -> str:
    token = {"v": "meta.k8s.io/v1", "rv": version, "start": start}
    return base64.urlsafe_b64encode(encode(token)).decode().rstrip("=")


def _read_continue(token: str) -> tuple[int, str]:
    try:
        value = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return int(value["rv"]), str(value["start"])
    except (ValueError, KeyError, TypeError) as error:
        raise bad_request(f"invalid continue token: continue key is not valid: {error}") from error
