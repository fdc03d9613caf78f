"""Requests about datasets of BigQuery v2.

Source: https://cloud.google.com/bigquery/docs/reference/rest/v2/datasets
"""

from __future__ import annotations

import re
from typing import Any

from sandbox.kernel.bodies import field, merged, without_nulls
from sandbox.kernel.errors import ApiError, invalid
from sandbox.kernel.pages import paginate
from sandbox.kernel.resources import Document, Resources, fingerprint, public
from sandbox.kernel.routes import Answer, Call
from sandbox.services.compute.geography import REGIONS

Json = dict[str, Any]
HOST = "bigquery.googleapis.com"
_COLLECTION = "bigquery.datasets"
_OWNER = "sandbox@sandbox.invalid"
_KEPT = ("datasetReference", "location", "creationTime", "access")


def get(call: Call) -> Json:
    """Answer a dataset."""
    return _view(call, _read(call))


def list_(call: Call) -> Json:
    """Answer the datasets of a project, shortened, those with all labels of the filter."""
    wanted = re.findall(r"labels\.([\w-]+)(?::([\w-]+))?", call.query.get("filter", ""))
    shown = []
    for _, dataset in Resources(call.cloud, _COLLECTION).items(f"projects/{call.project}/datasets/"):
        labels = dataset.get("labels", {})
        if all(key in labels and value in ("", labels[key]) for key, value in wanted):
            view = _view(call, dataset)
            names = ("kind", "id", "datasetReference", "labels", "friendlyName", "location")
            shown.append({key: view[key] for key in names if key in view} | {"kind": "bigquery#dataset"})
    page, token = paginate(shown, call.query, size_key="maxResults")
    body: Json = {"kind": "bigquery#datasetList", "etag": fingerprint(shown), "datasets": page}
    return {**body, "nextPageToken": token} if token else body


def insert(call: Call) -> Json:
    """Make a dataset."""
    body = without_nulls(call.body)
    name = field(body, "datasetReference.datasetId", str, "")
    if not re.fullmatch(r"[A-Za-z0-9_]{1,1024}", name):
        raise invalid(
            f'Invalid dataset ID "{name}". Dataset IDs must be alphanumeric (plus underscores) and must be at most '
            "1024 characters long."
        )
    location = field(body, "location", str, "US")
    if location.upper() not in ("US", "EU") and location.lower() not in REGIONS:
        raise invalid(f"Invalid location: {location}")
    now = str(int(call.cloud.clock.now() * 1000))
    path = f"projects/{call.project}/datasets/{name}"
    dataset: Document = {
        "access": _default_access(),
        "type": "DEFAULT",
        **body,
        "location": location.upper() if location.upper() in ("US", "EU") else location.lower(),
        "datasetReference": {"datasetId": name, "projectId": call.project},
        "creationTime": now,
        "lastModifiedTime": now,
    }
    with call.cloud.store.transaction():
        if Resources(call.cloud, _COLLECTION).get(path) is not None:
            raise ApiError(409, f"Already Exists: Dataset {call.project}:{name}", reason="duplicate")
        Resources(call.cloud, _COLLECTION).put(path, dataset)
    return _view(call, dataset)


def update(call: Call) -> Json:
    """Replace a dataset by the body; what only the server sets stays."""
    return _change(call, replace=True)


def patch(call: Call) -> Json:
    """Change the fields that the body has."""
    return _change(call, replace=False)


def delete(call: Call) -> Answer:
    """Remove a dataset; it has no tables that could refuse."""
    _read(call)
    call.cloud.store.delete(_COLLECTION, _path(call))
    return Answer(None, 204)


def _change(call: Call, *, replace: bool) -> Json:
    with call.cloud.store.transaction():
        before = _read(call)
        if (etag := call.headers.get("if-match")) and etag != _view(call, before)["etag"]:
            raise ApiError(412, "Precondition check failed.", reason="conditionNotMet")
        if field(call.body, "location", str, before["location"]).lower() != before["location"].lower():
            raise invalid("Cannot change the location of a dataset.")
        if replace:
            after = {**{key: before[key] for key in (*_KEPT, "type")}, **without_nulls(call.body)}
        else:
            after = merged(before, call.body)
        after |= {key: before[key] for key in ("datasetReference", "location", "creationTime")}
        after["lastModifiedTime"] = str(int(call.cloud.clock.now() * 1000))
        Resources(call.cloud, _COLLECTION).put(_path(call), after)
    return _view(call, after)


def _read(call: Call) -> Document:
    found = Resources(call.cloud, _COLLECTION).get(_path(call))
    if found is None:
        raise ApiError(404, f"Not found: Dataset {call.project}:{call.params['dataset']}")
    return found


def _path(call: Call) -> str:
    return f"projects/{call.project}/datasets/{call.params['dataset']}"


def _view(call: Call, dataset: Document) -> Json:
    name = dataset["datasetReference"]["datasetId"]
    return {
        **public(dataset),
        "kind": "bigquery#dataset",
        "id": f"{call.project}:{name}",
        "etag": fingerprint(dataset),
        "selfLink": call.cloud.link(HOST, f"/bigquery/v2/projects/{call.project}/datasets/{name}"),
    }


def _default_access() -> list[Json]:
    return [
        {"role": "WRITER", "specialGroup": "projectWriters"},
        {"role": "OWNER", "specialGroup": "projectOwners"},
        {"role": "OWNER", "userByEmail": _OWNER},
        {"role": "READER", "specialGroup": "projectReaders"},
    ]
