"""google_artifact_registry_repository: https://cloud.google.com/artifact-registry/docs/reference/rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from sandbox.provider.api import Json
from sandbox.provider.links import last, same_case
from sandbox.provider.resource import Resource
from sandbox.provider.rules import Rules, camel
from sandbox.provider.wire import Values

CHANGEABLE = frozenset(
    {
        "cleanupPolicies",
        "cleanupPolicyDryRun",
        "description",
        "dockerConfig",
        "labels",
        "mavenConfig",
        "remoteRepositoryConfig",
        "virtualRepositoryConfig",
        "vulnerabilityScanningConfig",
    }
)


def _policies_by_id(policies: list[Json]) -> Json:
    return {str(policy["id"]): policy for policy in policies}


def _policies(by_id: Any) -> list[Json] | None:
    if not isinstance(by_id, dict):
        return None
    return [{**policy, "id": identifier} for identifier, policy in sorted(by_id.items())]


class Repository(Resource):
    """A repository of images or packages."""

    type_name = "google_artifact_registry_repository"
    label = "Repository"
    service = "artifactregistry"
    collection = "projects/{project}/locations/{location}/repositories"
    item = "projects/{project}/locations/{location}/repositories/{repository_id}"
    imports = ("{project}/{location}/{repository_id}", "{location}/{repository_id}", "{repository_id}")
    create_query: ClassVar[Mapping[str, str]] = {"repository_id": "{repository_id}"}
    masks_updates = True
    location_from = "region"
    rules = Rules(
        labels="labels",
        local=frozenset({"repository_id"}),
        defaults={"mode": "STANDARD_REPOSITORY"},
        replace=frozenset({"project", "location", "repository_id", "format", "mode", "kms_key_name"}),
        computed_blocks=frozenset({"vulnerability_scanning_config"}),
        same={"format": same_case},
        encode={"cleanup_policies": _policies_by_id},
        decode={"name": last, "cleanup_policies": _policies},
    )

    def updated(self, body: Json, prior: Values, planned: Values) -> None:
        """Leave out what cannot change; the policies are sent even when there are none."""
        for key in set(body) - CHANGEABLE:
            del body[key]
        body.setdefault("cleanupPolicies", {})
        for scanning in planned.get("vulnerability_scanning_config") or []:
            body["vulnerabilityScanningConfig"] = {camel(name): value for name, value in scanning.items() if value}
