"""The OpenAPI documents, for `kubectl explain`, client-side validation and to learn what the server supports.

Version 3 has a document per group and version; version 2 has the definitions in one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from starlette.responses import PlainTextResponse, Response

from sandbox.kubernetes import openapi_protobuf
from sandbox.kubernetes.published import REFERENCE, read_definitions
from sandbox.kubernetes.resources import Registry, Resource
from sandbox.kubernetes.types import OBJECT_META

Object = dict[str, Any]

_COMPONENTS = "#/components/schemas/"
_WRITE_PARAMETERS = ("dryRun", "fieldManager", "fieldValidation")
_INFO = {"title": "Kubernetes", "version": "v1.33.4"}


def answer(registry: Registry, path: str, known_tag: str, accepted: str) -> Response:
    """Answer a path below `/openapi`."""
    if path == "/openapi/v2" and openapi_protobuf.ASKED in accepted:
        return Response(_patched(registry), media_type=openapi_protobuf.ANSWERED)
    if path == "/openapi/v2":
        body: Object | None = _version_2(registry)
    elif path == "/openapi/v3":
        body = _index(registry)
    else:
        body = _document(registry, path.removeprefix("/openapi/v3/"))
    if body is None:
        return PlainTextResponse("404 page not found\n", 404)
    text = json.dumps(body, separators=(",", ":")).encode()
    tag = f'"{hashlib.sha256(text).hexdigest()[:32].upper()}"'
    headers = {"etag": tag, "content-type": "application/json"}
    if known_tag == tag:
        return Response(status_code=304, headers=headers)
    return Response(text, headers=headers)


def _group_paths(registry: Registry) -> Iterator[tuple[str, str, str]]:
    for group, versions in registry.groups().items():
        for version in versions:
            yield (f"apis/{group}/{version}" if group else f"api/{version}"), group, version


def _index(registry: Registry) -> Object:
    paths = {}
    for path, group, version in _group_paths(registry):
        # The document changes only with the definitions that are served.
        content = [
            (each.kind, each.custom.open_api if each.custom else "") for each in _resources(registry, group, version)
        ]
        mark = hashlib.sha256(repr(content).encode()).hexdigest()[:32].upper()
        paths[path] = {"serverRelativeURL": f"/openapi/v3/{path}?hash={mark}"}
    return {"paths": paths}


def _resources(registry: Registry, group: str, version: str) -> list[Resource]:
    return registry.groups().get(group, {}).get(version, [])


def _document(registry: Registry, path: str) -> Object | None:
    found = next(((group, version) for each, group, version in _group_paths(registry) if each == path), None)
    if found is None:
        return None
    resources = _resources(registry, *found)
    schemas: dict[str, Object] = {}
    for resource in resources:
        _add_schemas(resource, schemas)
    paths = {}
    for resource in resources:
        paths.update(_paths(resource))
    return {"openapi": "3.0.0", "info": _INFO, "paths": paths, "components": {"schemas": schemas}}


def _schema_name(resource: Resource) -> str:
    if resource.custom is None:
        return resource.definition
    return ".".join([*reversed(resource.group.split(".")), resource.version, resource.kind])


def _kind_of(resource: Resource) -> Object:
    return {"group": resource.group, "version": resource.version, "kind": resource.kind}


def _add_schemas(resource: Resource, schemas: dict[str, Object]) -> None:
    name = _schema_name(resource)
    if resource.custom is not None:
        schema = _custom_schema(resource.custom.open_api)
    else:
        schema = _converted(read_definitions().get(name, {"type": "object"}))
    schemas[name] = {**schema, "x-kubernetes-group-version-kind": [_kind_of(resource)]}
    _add_referenced(schemas[name], schemas)


def _custom_schema(open_api: Object) -> Object:
    properties = {
        **(open_api.get("properties") or {}),
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"allOf": [{"$ref": _COMPONENTS + OBJECT_META}]},
    }
    return {**open_api, "type": "object", "properties": properties}


def _add_referenced(schema: Any, schemas: dict[str, Object]) -> None:
    for name in _references(schema):
        if name not in schemas:
            schemas[name] = _converted(read_definitions().get(name, {"type": "object"}))
            _add_referenced(schemas[name], schemas)


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        reference = value.get("$ref")
        if isinstance(reference, str):
            yield reference.removeprefix(_COMPONENTS)
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)


def _converted(schema: Any) -> Any:
    """Return a schema of version 2 as version 3 writes it; a damaged list of kinds is left out."""
    if isinstance(schema, list):
        return [_converted(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if isinstance(schema.get("$ref"), str):
        reference = {"$ref": _COMPONENTS + schema["$ref"].removeprefix(REFERENCE)}
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        return {**rest, "allOf": [reference]} if rest else reference
    return {key: _converted(value) for key, value in schema.items() if key != "x-kubernetes-group-version-kind"}


def _paths(resource: Resource) -> dict[str, Object]:
    root = f"/apis/{resource.group}/{resource.version}" if resource.group else f"/api/{resource.version}"
    place = f"{root}/namespaces/{{namespace}}" if resource.namespaced else root
    many, one = f"{place}/{resource.plural}", f"{place}/{resource.plural}/{{name}}"
    actions: dict[str, Object] = {many: {}, one: {}}
    for verb, path, method in (
        ("list", many, "get"),
        ("create", many, "post"),
        ("deletecollection", many, "delete"),
        ("get", one, "get"),
        ("update", one, "put"),
        ("patch", one, "patch"),
        ("delete", one, "delete"),
    ):
        if verb in resource.verbs:
            actions[path][method] = _action(resource, verb, method)
    return {path: methods for path, methods in actions.items() if methods}


_ACTIONS = {"create": "post", "update": "put"}


def _action(resource: Resource, verb: str, method: str) -> Object:
    names = _WRITE_PARAMETERS if method in ("post", "put", "patch") else ()
    names = (*names, "force") if method == "patch" else names
    reference = {"schema": {"$ref": _COMPONENTS + _schema_name(resource)}}
    return {
        "tags": [],
        "operationId": f"{verb}{resource.group}{resource.version}{resource.kind}",
        "parameters": [
            {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}} for name in names
        ],
        "responses": {"200": {"description": "OK", "content": {"application/json": reference}}},
        "x-kubernetes-action": _ACTIONS.get(verb, verb),
        "x-kubernetes-group-version-kind": _kind_of(resource),
    }


def _patched(registry: Registry) -> bytes:
    kinds = (
        (path, _kind_of(resource))
        for resource in registry
        for path, methods in _paths(resource).items()
        if "patch" in methods
    )
    return openapi_protobuf.encode_document(_INFO["title"], _INFO["version"], kinds)


def _version_2(registry: Registry) -> Object:
    definitions: dict[str, Object] = dict(read_definitions())
    for resource in registry:
        name = _schema_name(resource)
        if resource.custom is not None:
            schema = _custom_schema(resource.custom.open_api)
            schema["properties"]["metadata"] = {"$ref": REFERENCE + OBJECT_META}
        else:
            schema = definitions.get(name, {"type": "object"})
        definitions[name] = {**schema, "x-kubernetes-group-version-kind": [_kind_of(resource)]}
    return {"swagger": "2.0", "info": _INFO, "paths": {}, "definitions": definitions}
