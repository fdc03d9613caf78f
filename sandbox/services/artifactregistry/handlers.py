"""Requests about repositories of Artifact Registry v1.

Source: https://cloud.google.com/artifact-registry/docs/reference/rest/v1/projects.locations.repositories
"""

from __future__ import annotations

import re
from typing import Any

from sandbox.kernel import longrunning
from sandbox.kernel.bodies import field, mask_paths, masked, without_nulls
from sandbox.kernel.clock import rfc3339
from sandbox.kernel.errors import ApiError, already_exists, invalid
from sandbox.kernel.pages import paginate
from sandbox.kernel.resources import Document, Resources, public
from sandbox.kernel.routes import Call
from sandbox.services.compute.geography import REGIONS

Json = dict[str, Any]
HOST = "artifactregistry.googleapis.com"
_COLLECTION = "artifactregistry.repositories"
_TYPE = "type.googleapis.com/google.devtools.artifactregistry.v1"
_STANDARD = "STANDARD_REPOSITORY"
_MULTI_REGIONS = ("us", "europe", "asia")
_ADDRESS_KINDS = {"DOCKER": "docker", "KFP": "kfp", "PYTHON": "python", "MAVEN": "maven", "NPM": "npm", "GO": "go"}
_FIXED = ("format", "mode")
_SECONDS = 4.0


def get(call: Call) -> Json:
    """Answer a repository."""
    return public(_read(call))


def list_(call: Call) -> Json:
    """Answer the repositories of a location."""
    _require_location(call)
    found = Resources(call.cloud, _COLLECTION).items(f"{_parent(call)}/repositories/")
    page, token = paginate([public(repository) for _, repository in found], call.query)
    return {"repositories": page, "nextPageToken": token} if token else {"repositories": page}


def create(call: Call) -> Json:
    """Make a repository."""
    _require_location(call)
    name = call.query.get("repositoryId") or call.query.get("repository_id", "")
    body = without_nulls(call.body)
    _check(name, body)
    path = f"{_parent(call)}/repositories/{name}"
    now = rfc3339(call.cloud.clock.now())
    repository: Document = {
        **body,
        "mode": _mode(body),
        "name": path,
        "createTime": now,
        "updateTime": now,
        "satisfiesPzi": True,
        "vulnerabilityScanningConfig": _scanning(body, now),
    }
    if kind := _ADDRESS_KINDS.get(body["format"]):
        repository["registryUri"] = f"{call.params['location']}-{kind}.pkg.dev/{call.project}/{name}"
    with call.cloud.store.transaction():
        if Resources(call.cloud, _COLLECTION).get(path) is not None:
            raise already_exists(path, "the repository already exists")
        Resources(call.cloud, _COLLECTION).put(path, repository)
    return _operation(call, "create", path, {"@type": f"{_TYPE}.Repository", **repository})


def patch(call: Call) -> Json:
    """Change the fields of the update mask; answers the repository, not an operation."""
    with call.cloud.store.transaction():
        before = _read(call)
        body = without_nulls(call.body)
        paths = mask_paths(call.query.get("updateMask", "")) or list(body)
        after = masked(before, body, paths)
        for name in _FIXED:
            if after.get(name) != before.get(name):
                raise invalid(f"{name} of a repository cannot be changed")
        after["updateTime"] = rfc3339(call.cloud.clock.now())
        after["vulnerabilityScanningConfig"] = _scanning(after, before["createTime"])
        Resources(call.cloud, _COLLECTION).put(before["name"], after)
    return public(after)


def delete(call: Call) -> Json:
    """Remove a repository."""
    repository = _read(call)
    call.cloud.store.delete(_COLLECTION, repository["name"])
    call.cloud.policies.delete(repository["name"])
    return _operation(call, "delete", repository["name"], longrunning.EMPTY)


def policy_name(call: Call) -> str:
    """Name the policy of the repository in the path."""
    return str(_read(call)["name"])


def _read(call: Call) -> Document:
    found = Resources(call.cloud, _COLLECTION).get(f"{_parent(call)}/repositories/{call.params['repository']}")
    if found is None:
        raise ApiError(404, "Requested entity was not found.")
    return found


def _check(name: str, body: Json) -> None:
    if not re.fullmatch(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?", name):
        raise invalid(
            f'Invalid repository id "{name}": must start with a letter, hold only lowercase letters, digits and '
            "hyphens, and have at most 63 characters"
        )
    if field(body, "format", str, "") in ("", "FORMAT_UNSPECIFIED"):
        raise invalid("format of a repository is required")


def _mode(body: Json) -> str:
    mode: str = field(body, "mode", str, "MODE_UNSPECIFIED")
    return _STANDARD if mode == "MODE_UNSPECIFIED" else mode


def _scanning(body: Json, since: str) -> Json:
    asked = body.get("vulnerabilityScanningConfig", {})
    return {
        "enablementState": "SCANNING_DISABLED",
        "enablementStateReason": "API containerscanning.googleapis.com is not enabled.",
        "lastEnableTime": since,
        **asked,
    }


def _parent(call: Call) -> str:
    return f"projects/{call.project}/locations/{call.params['location']}"


def _require_location(call: Call) -> None:
    location = call.params["location"]
    if location not in REGIONS and location not in _MULTI_REGIONS:
        raise invalid(f'Invalid location "{location}"')


def _operation(call: Call, verb: str, path: str, response: Json) -> Json:
    return longrunning.begin(call, verb, path, _SECONDS, response, f"{_TYPE}.OperationMetadata")
