"""google_bigquery_dataset: https://cloud.google.com/bigquery/docs/reference/rest/v2/datasets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from sandbox.provider.bodies import to_body
from sandbox.provider.links import same_case
from sandbox.provider.resource import Resource
from sandbox.provider.rules import Rules
from sandbox.provider.wire import Values


class Dataset(Resource):
    """A dataset. Updates send it whole; `access` is sent only when the configuration changes it."""

    type_name = "google_bigquery_dataset"
    label = "Dataset"
    service = "bigquery"
    collection = "projects/{project}/datasets"
    item = "projects/{project}/datasets/{dataset_id}"
    imports = ("{project}/{dataset_id}", "{dataset_id}")
    query: ClassVar[Mapping[str, str]] = {"accessPolicyVersion": "3"}
    rules = Rules(
        labels="labels",
        names={"dataset_id": "datasetReference.datasetId", "location": "location"},
        local=frozenset({"delete_contents_on_destroy", "external_catalog_dataset_options"}),
        defaults={"location": "US", "delete_contents_on_destroy": False},
        replace=frozenset({"dataset_id", "project", "location", "external_dataset_reference"}),
        computed_blocks=frozenset({"access"}),
        same={"location": same_case},
        strings=frozenset({"default_table_expiration_ms", "default_partition_expiration_ms"}),
    )

    def change(self, prior: Values, planned: Values, config: Values, changed: set[str]) -> None:
        """PUT the whole dataset."""
        body = to_body(self.block, self.rules, planned)
        body.setdefault("defaultCollation", "")
        if "access" not in changed:
            body.pop("access", None)
        self.api.call(self.service, "PUT", self.path(self.item, planned), body, self.query)

    def remove(self, prior: Values) -> None:
        """Delete it, with its tables where that was agreed."""
        contents = "true" if prior.get("delete_contents_on_destroy") else "false"
        self.api.call(self.service, "DELETE", self.path(self.item, prior), query={"deleteContents": contents})
