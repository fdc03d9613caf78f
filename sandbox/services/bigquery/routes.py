"""The paths of BigQuery v2."""

from __future__ import annotations

from sandbox.kernel.request_types import typed
from sandbox.kernel.routes import Route, Service
from sandbox.services.bigquery import handlers

_DATASETS = "/bigquery/v2/projects/{project}/datasets"
_DATASET = _DATASETS + "/{dataset}"

SERVICE = Service(
    handlers.HOST,
    [
        Route("GET", _DATASETS, handlers.list_),
        Route("POST", _DATASETS, typed("bigquery", "Dataset", handlers.insert)),
        Route("GET", _DATASET, handlers.get),
        Route("PUT", _DATASET, typed("bigquery", "Dataset", handlers.update)),
        Route("PATCH", _DATASET, typed("bigquery", "Dataset", handlers.patch)),
        Route("DELETE", _DATASET, handlers.delete),
    ],
)
