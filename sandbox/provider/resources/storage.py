"""google_storage_bucket: https://cloud.google.com/storage/docs/json_api/v1/buckets."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote

from sandbox.provider.api import Json
from sandbox.provider.bodies import to_body
from sandbox.provider.errors import Gone, ProviderError, Refused
from sandbox.provider.links import same_case
from sandbox.provider.resource import Resource
from sandbox.provider.rules import Rules
from sandbox.provider.wire import Values

_LIVE = {"LIVE": True, "ARCHIVED": False}
_CONDITION = "lifecycle_rule.condition."


def _is_live(state: Any) -> Any:
    return _LIVE.get(str(state))


def _state(is_live: Any) -> str:
    return "LIVE" if is_live else "ARCHIVED"


def _without_any(content: Json) -> Json:
    """A condition on any state says nothing about it."""
    return {key: value for key, value in content.items() if value is not None}


class Bucket(Resource):
    """A bucket."""

    type_name = "google_storage_bucket"
    label = "bucket"
    service = "storage"
    collection = "b"
    item = "b/{name}"
    identity = "{name}"
    imports = ("{project}/{name}",)
    create_query: ClassVar[Mapping[str, str]] = {"project": "{project}"}
    absent_is_removed = False
    rules = Rules(
        labels="labels",
        names={
            "custom_placement_config": "customPlacementConfig",
            "enable_object_retention": "objectRetention.mode",
            "lifecycle_rule": "lifecycle.rule",
            f"{_CONDITION}with_state": "isLive",
            "location": "location",
            "public_access_prevention": "iamConfiguration.publicAccessPrevention",
            "requester_pays": "billing.requesterPays",
            "uniform_bucket_level_access": "iamConfiguration.uniformBucketLevelAccess.enabled",
        },
        local=frozenset(
            {"force_destroy", "url"}
            | {
                f"{_CONDITION}send_{name}_if_zero"
                for name in ("age", "days_since_custom_time", "days_since_noncurrent_time", "num_newer_versions")
            }
        ),
        sent_only=frozenset({"name"}),
        defaults={"force_destroy": False, "storage_class": "STANDARD"},
        replace=frozenset(
            {
                "custom_placement_config",
                "enable_object_retention",
                "hierarchical_namespace",
                "location",
                "name",
                "project",
            }
        ),
        computed_blocks=frozenset({"autoclass", "encryption", "hierarchical_namespace", "soft_delete_policy"}),
        tracked=frozenset({"cors", "lifecycle_rule", "logging", "retention_policy", "versioning", "website"}),
        same={"location": same_case},
        strings=frozenset({"retention_policy.retention_period", "soft_delete_policy.retention_duration_seconds"}),
        encode={
            f"{_CONDITION}with_state": _is_live,
            "lifecycle_rule.condition": _without_any,
            "enable_object_retention": lambda wanted: "Enabled" if wanted else None,
        },
        decode={
            f"{_CONDITION}with_state": _state,
            "enable_object_retention": lambda mode: mode == "Enabled",
            "versioning": lambda found: found if isinstance(found, dict) and "enabled" in found else None,
        },
    )

    def created(self, answer: Json, state: Values) -> None:
        """The real provider looks once more before it reads."""
        self.fetch(state)

    def observe(self, found: Values, body: Json, state: Values) -> Values:
        """The address that gsutil takes; a rule that does not ask for a state takes any."""
        if not body.get("id"):
            raise Gone(f"bucket {state['name']} has no id")
        found["url"] = f"gs://{state['name']}"
        for rule in found["lifecycle_rule"]:
            for condition in rule["condition"]:
                condition.setdefault("with_state", "ANY")
        return found

    def updated(self, body: Json, prior: Values, planned: Values) -> None:
        """Say null for labels that go away, since a PATCH keeps what it does not name."""
        labels = body.get("labels")
        if labels is not None or prior.get("effective_labels"):
            gone = dict.fromkeys(set(prior.get("effective_labels") or {}) - set(labels or {}))
            body["labels"] = {**(labels or {}), **gone}
        if prior.get("lifecycle_rule") and not planned.get("lifecycle_rule"):
            body["lifecycle"] = {"rule": []}

    def change(self, prior: Values, planned: Values, config: Values, changed: set[str]) -> None:
        """PATCH what changed."""
        body = to_body(self.block, self.rules, planned)
        self.updated(body, prior, planned)
        keys = sorted({self.rules.key(self._told(name)).split(".")[0] for name in changed})
        sent = {key: body.get(key) for key in keys}
        self.api.call(self.service, "PATCH", self.path(self.item, planned), sent)

    def remove(self, prior: Values) -> None:
        """Delete the bucket, and what it holds only where that was agreed."""
        path = self.path(self.item, prior)
        with contextlib.suppress(ProviderError):
            self.api.get(self.service, f"{path}/anywhereCaches/")
        for item in self._objects(path):
            if not prior.get("force_destroy"):
                held = f"Error trying to delete bucket {prior['name']} containing objects"
                raise Refused(f"{held} without `force_destroy` set to true")
            query = {"generation": str(item["generation"])} if item.get("generation") else {}
            self.api.call(self.service, "DELETE", f"{path}/o/{quote(str(item['name']), safe='')}", query=query)
        self.api.call(self.service, "DELETE", path)

    def _objects(self, path: str) -> list[Json]:
        query = {"versions": "true"}
        found: list[Json] = []
        while True:
            page = self.api.get(self.service, f"{path}/o", query)
            found += page.get("items") or []
            if not page.get("nextPageToken"):
                return found
            query["pageToken"] = str(page["nextPageToken"])
