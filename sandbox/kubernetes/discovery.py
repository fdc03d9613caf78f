"""What the server serves, for clients to find out: versions, groups, resources; the old way and the aggregated one.

Source: `meta/v1` APIVersions, APIGroupList, APIResourceList and `apidiscovery.k8s.io/v2`.
"""

from __future__ import annotations

import hashlib
from typing import Any

from sandbox.kubernetes.resources import Registry, Resource, Subresource

Object = dict[str, Any]

VERSION = {
    "major": "1",
    "minor": "33",
    "emulationMajor": "1",
    "emulationMinor": "33",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "32",
    "gitVersion": "v1.33.4",
    "gitCommit": "",
    "gitTreeState": "",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "",
    "compiler": "",
    "platform": "linux/amd64",
}
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def api_versions() -> Object:
    """Answer `/api`."""
    address = {"clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1:443"}
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [address]}


def group_list(registry: Registry) -> Object:
    """Answer `/apis`."""
    groups = [_group(name, list(versions)) for name, versions in registry.groups().items() if name]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def group(registry: Registry, name: str) -> Object | None:
    """Answer `/apis/GROUP`, or None where it is not served."""
    versions = registry.groups().get(name)
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, list(versions))} if versions and name else None


def _group(name: str, versions: list[str]) -> Object:
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def resource_list(registry: Registry, group_name: str, version: str) -> Object | None:
    """Answer `/api/v1` and `/apis/GROUP/VERSION`, or None where it is not served."""
    resources = registry.groups().get(group_name, {}).get(version)
    if not resources:
        return None
    listed = [entry for resource in sorted(resources, key=lambda each: each.plural) for entry in _entries(resource)]
    group_version = f"{group_name}/{version}" if group_name else version
    head: Object = {"kind": "APIResourceList"}
    if group_name:
        head["apiVersion"] = "v1"
    return {**head, "groupVersion": group_version, "resources": listed}


def _entries(resource: Resource) -> list[Object]:
    entry: Object = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    if "list" in resource.verbs:
        key = f"{resource.group}/{resource.stored_api_version.rpartition('/')[2]}/{resource.kind}"
        entry["storageVersionHash"] = _storage_hash(key)
    return [entry, *_subresource_entries(resource)]


def _storage_hash(key: str) -> str:
    import base64

    return base64.b64encode(hashlib.sha256(key.encode()).digest()[:8]).decode()


def _subresource_entries(resource: Resource) -> list[Object]:
    entries = []
    for each in resource.subresources.values():
        entry: Object = {
            "name": f"{resource.plural}/{each.name}",
            "singularName": "",
            "namespaced": resource.namespaced,
            "kind": each.kind,
            "verbs": list(each.verbs),
        }
        if (each.group, each.version) != (resource.group, resource.version):
            entry.update(group=each.group, version=each.version)
        entries.append(entry)
    return entries


def aggregated(registry: Registry, *, core: bool) -> Object:
    """Answer `/api` or `/apis` with all their resources at once."""
    groups = [
        {
            "metadata": {"name": name, "creationTimestamp": None} if name else {"creationTimestamp": None},
            "versions": [
                {
                    "version": version,
                    "resources": [_aggregated_resource(each) for each in sorted(resources, key=lambda r: r.plural)],
                    "freshness": "Current",
                }
                for version, resources in versions.items()
            ],
        }
        for name, versions in registry.groups().items()
        if (not name) == core
    ]
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": groups}


def _aggregated_resource(resource: Resource) -> Object:
    entry: Object = {
        "resource": resource.plural,
        "responseKind": _resource_kind(resource),
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    if resource.subresources:
        entry["subresources"] = [
            {
                "subresource": each.name,
                "responseKind": _subresource_kind(resource, each),
                "verbs": list(each.verbs),
            }
            for each in resource.subresources.values()
        ]
    return entry


def _resource_kind(resource: Resource) -> Object:
    """Built-in kinds are written without the group and version that they are listed under."""
    if resource.custom is None:
        return {"group": "", "version": "", "kind": resource.kind}
    return {"group": resource.group, "version": resource.version, "kind": resource.kind}


def _subresource_kind(resource: Resource, part: Subresource) -> Object:
    if resource.custom is None and (part.group, part.version) == (resource.group, resource.version):
        return {"group": "", "version": "", "kind": part.kind}
    return {"group": part.group, "version": part.version, "kind": part.kind}


def wants_aggregated(accept: str) -> bool:
    """Say whether a client's first wish is the aggregated form, in the version that is written here."""
    first = accept.split(",")[0].replace(" ", "")
    parts = set(first.split(";"))
    return {"application/json", "g=apidiscovery.k8s.io", "v=v2", "as=APIGroupDiscoveryList"} <= parts
