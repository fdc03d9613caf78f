"""The whole cloud as normalised JSON: no ids, times, versions, addresses of this run, nor a secret's value.

Equal for equal clouds, so that two runs, or before and after, can be compared by a hash.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from sandbox.kernel.cloud import Cloud

Json = dict[str, Any]
_PASSING = frozenset(
    {"object-versions", "operations", "project-numbers", "sqladmin.deleted", "uploads"}
    | {"denied-permissions", "missing-images", "organization-policies", "quota-limits", "stockouts"}
)
_NOTES = re.compile(r"\.tfstate$")
"""Objects that count how often they were written: their size says nothing of the cloud."""
_VOLATILE = re.compile(
    r"^(id|uid|uniqueId|oauth2ClientId|etag|version|generation|metageneration|.*[fF]ingerprint|.*_at|.*Time(stamp)?|"
    r"timeCreated|updated|timeStorageClassUpdated|.*Date|endpoint|masterAuth|serverCaCert|proxyUri|password.*|enabled|"
    r"md5Hash|crc32c|mediaLink)$"
)


def export_cloud(cloud: Cloud, export_cluster: Callable[[str], list[Json] | None]) -> Json:
    """Return `{"services": {collection: {name: document}}, "projects": {...}, "clusters": {key: [object]}}`."""
    documents = {
        collection: {
            name: _normalise(_without_size(name, body), cloud.base_url)
            for name, body in cloud.store.items(collection)
            if body.get("gone_at", math.inf) > cloud.clock.now()
        }
        for collection in cloud.store.collections()
        if collection not in _PASSING and collection != "projects"
    }
    found = [(key, export_cluster(key)) for key in sorted(cloud.clusters.addresses())]
    return {
        "projects": {project.project_id: sorted(project.enabled) for project in cloud.projects.all()},
        "services": documents,
        "clusters": {key: objects for key, objects in found if objects is not None},
    }


def _without_size(name: str, body: Json) -> Json:
    return {key: value for key, value in body.items() if key != "size"} if _NOTES.search(name) else body


def _normalise(value: Any, base_url: str) -> Any:
    if isinstance(value, dict):
        return {key: _normalise(item, base_url) for key, item in sorted(value.items()) if not _is_volatile(key, item)}
    if isinstance(value, list):
        return [_normalise(item, base_url) for item in value]
    return value.replace(base_url, "") if isinstance(value, str) else value


def _is_volatile(key: str, value: Any) -> bool:
    if key == "enabled":
        return isinstance(value, dict)
    return _VOLATILE.match(key) is not None
