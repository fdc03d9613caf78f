"""The verbs of the API on one resource: what a method and a path mean, and the answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response, StreamingResponse

from sandbox.kubernetes import deletion, documents, reads, subresources, watches, writes
from sandbox.kubernetes.apply import record_update
from sandbox.kubernetes.causes import Cause
from sandbox.kubernetes.cluster import Cluster, WriteOptions
from sandbox.kubernetes.conversion import to_served
from sandbox.kubernetes.decoding import decode
from sandbox.kubernetes.documents import APPLY_PATCH, JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH
from sandbox.kubernetes.negotiation import Form
from sandbox.kubernetes.patches import PatchError, json_patch, merge_patch, strategic_merge_patch
from sandbox.kubernetes.paths import Target
from sandbox.kubernetes.resources import Resource
from sandbox.kubernetes.reviews import answer_review
from sandbox.kubernetes.status import (
    ApiError,
    bad_request,
    invalid_options,
    method_not_allowed,
    not_implemented,
    success,
    unknown_path,
    unsupported_media_type,
)
from sandbox.kubernetes.strategies import RETURNED_WHEN_DELETED, key_of

Object = dict[str, Any]

_REVIEW_GROUPS = frozenset({"authentication.k8s.io", "authorization.k8s.io"})
_PARTS = frozenset({"status", "approval", "resize", "ephemeralcontainers"})


@dataclass(frozen=True)
class Call:
    """One request on a resource."""

    cluster: Cluster
    resource: Resource
    target: Target
    method: str
    query: Mapping[str, str]
    content_type: str
    body: bytes
    form: Form
    user_agent: str
    token: str

    @property
    def include(self) -> str:
        """What rows of a table carry."""
        return self.query.get("includeObject", "Metadata")


def answer(call: Call) -> Response:
    """Answer a request on a resource.

    Raises:
        ApiError: It is refused.
    """
    if call.target.subresource:
        return _answer_subresource(call)
    if call.resource.kind == "ComponentStatus":
        raise not_implemented("componentstatuses")
    verb = _verb(call)
    handler = _HANDLERS.get(verb)
    if handler is None or verb.rpartition("_")[0] not in call.resource.verbs:
        raise method_not_allowed()
    return handler(call)


def _verb(call: Call) -> str:
    if not call.target.name:
        if call.method == "GET" and call.query.get("watch") in ("true", "1"):
            return "watch_"
        return {"GET": "list_", "POST": "create_", "DELETE": "deletecollection_"}.get(call.method, "")
    if call.method == "GET" and call.query.get("watch") in ("true", "1"):
        return "watch_"
    return {"GET": "get_", "PUT": "update_", "PATCH": "patch_", "DELETE": "delete_"}.get(call.method, "")


# --- reading -------------------------------------------------------------------------------------------------------


def _get(call: Call) -> Response:
    record = call.cluster.find(call.resource, call.target.namespace, call.target.name)
    body = reads.render_record(call.resource, record, call.form, call.include)
    return _respond(body, call.form, warnings=_warnings(call))


def _list(call: Call) -> Response:
    selection = reads.read_selection(call.resource, call.target.namespace, call.query)
    body = reads.render_list(call.cluster, selection, call.form, call.query)
    return _respond(body, call.form, warnings=_warnings(call))


def _watch(call: Call) -> Response:
    query = dict(call.query)
    if call.target.name:
        query["fieldSelector"] = f"metadata.name={call.target.name}"
    selection = reads.read_selection(call.resource, call.target.namespace, query)
    lines = watches.start_watch(call.cluster, selection, call.form, query)
    return StreamingResponse(lines, media_type="application/json")


def _warnings(call: Call) -> list[str]:
    return [call.resource.warning] if call.resource.warning else []


def _respond(body: bytes, form: Form, status: int = 200, warnings: list[str] | None = None) -> Response:
    if form.media_type == documents.YAML:
        import json

        import yaml

        body = yaml.safe_dump(json.loads(body), sort_keys=True).encode()
    response = Response(body, status, media_type=form.media_type)
    if form.media_type != documents.JSON:
        response.headers["content-type"] = form.media_type
    for warning in warnings or []:
        text = warning.replace("\\", "\\\\").replace('"', '\\"')
        response.headers.append("Warning", f'299 - "{text}"')
    return response


def _show(call: Call, obj: Object, options: WriteOptions, *, is_new: bool = False) -> Response:
    body = reads.render_object(call.resource, obj, call.form, call.include)
    return _respond(body, call.form, 201 if is_new else 200, options.warnings)


# --- writing -------------------------------------------------------------------------------------------------------


_OPTIONS = {"POST": "CreateOptions", "PATCH": "PatchOptions", "DELETE": "DeleteOptions"}


def _options(call: Call, *, is_apply: bool = False) -> WriteOptions:
    dry_run = call.query.get("dryRun", "")
    kind = _OPTIONS.get(call.method, "UpdateOptions")
    if dry_run not in ("", "All"):
        text = f'Unsupported value: []string{{"{dry_run}"}}: supported values: "All"'
        raise invalid_options(kind, [Cause("dryRun", "FieldValueNotSupported", text)])
    manager = call.query.get("fieldManager", "")
    if is_apply and not manager:
        text = "Required value: is required for apply patch"
        raise invalid_options(kind, [Cause("fieldManager", "FieldValueRequired", text)])
    return WriteOptions(
        manager=manager or call.user_agent.partition("/")[0] or "unknown",
        dry_run=dry_run == "All",
        field_validation=call.query.get("fieldValidation") or "Warn",
        force=call.query.get("force") in ("true", "1"),
        warnings=_warnings(call),
    )


def _parse(call: Call, options: WriteOptions) -> Object:
    obj, doubled = documents.parse_object(call.body, call.content_type)
    obj.setdefault("apiVersion", call.resource.api_version)
    obj.setdefault("kind", call.resource.kind)
    writes.check_identity(call.resource, call.target.namespace, call.target.name, obj)
    writes.warn_unknown(call.resource, obj, options, doubled)
    return obj


def _create(call: Call) -> Response:
    options = _options(call)
    if call.resource.group in _REVIEW_GROUPS:
        return _show(call, _review(call, options), options, is_new=True)
    if call.resource.kind == "Binding":
        raise not_implemented("POST bindings")
    if call.resource.namespaced and not call.target.namespace:
        raise method_not_allowed()
    obj = writes.create(call.cluster, call.resource, call.target.namespace, _parse(call, options), options)
    return _show(call, obj, options, is_new=True)


def _review(call: Call, options: WriteOptions) -> Object:
    sent, _ = documents.parse_object(call.body, call.content_type)
    sent = decode(call.resource, {**sent, "apiVersion": call.resource.api_version, "kind": call.resource.kind})
    answered = answer_review(call.resource, sent, call.token)
    if call.resource.kind == "SelfSubjectReview":
        answered["metadata"]["creationTimestamp"] = call.cluster.now()
        return answered
    return record_update(None, answered, call.resource.schema, manager=options.manager, now=call.cluster.now())


def _update(call: Call) -> Response:
    options = _options(call)
    target = call.target
    sent = _parse(call, options)
    obj, is_new = writes.replace(
        call.cluster, call.resource, target.namespace, target.name, sent, options, target.subresource
    )
    return _show(call, obj, options, is_new=is_new)


def _patch(call: Call) -> Response:
    kind = documents.media_type(call.content_type)
    target = call.target
    if kind == APPLY_PATCH:
        return _apply(call)
    options = _options(call)
    change = _change(call, kind)
    obj = writes.modify(call.cluster, call.resource, target.namespace, target.name, change, options, target.subresource)
    return _show(call, obj, options)


def _apply(call: Call) -> Response:
    options = _options(call, is_apply=True)
    target = call.target
    applied, doubled = documents.parse_document(call.body, is_yaml=True)
    if doubled:
        writes.warn_unknown(call.resource, {}, options, doubled)
    obj, is_new = writes.apply_object(
        call.cluster, call.resource, target.namespace, target.name, applied, options, target.subresource
    )
    return _show(call, obj, options, is_new=is_new)


def _change(call: Call, kind: str) -> Callable[[Object], Object]:
    accepted = [JSON_PATCH, MERGE_PATCH, APPLY_PATCH]
    if call.resource.custom is None:
        accepted.insert(2, STRATEGIC_PATCH)
    if kind == STRATEGIC_PATCH and kind not in accepted:
        raise unsupported_media_type(accepted)
    if kind not in accepted:
        raise ApiError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})
    patch = _parse_patch(call)

    def change(obj: Object) -> Object:
        try:
            if kind == JSON_PATCH:
                return json_patch(obj, patch)
            if kind == MERGE_PATCH:
                return merge_patch(obj, patch)
            return strategic_merge_patch(obj, patch, call.resource.schema)
        except PatchError as error:
            reason = {400: "BadRequest", 422: "Invalid", 413: "RequestEntityTooLarge"}.get(error.code, "")
            details: Object | None = {} if error.code == 422 else None
            raise ApiError(error.code, reason, str(error), details) from error

    return change


def _parse_patch(call: Call) -> Any:
    import json

    try:
        return json.loads(call.body)
    except ValueError as error:
        raise bad_request(f"error decoding patch: {error}") from error


# --- deleting ------------------------------------------------------------------------------------------------------


def _delete_options(call: Call) -> deletion.DeleteOptions:
    body: Object = {}
    if call.body.strip():
        body, _ = documents.parse_object(call.body, call.content_type)
    return deletion.read_options(body, dict(call.query))


def _delete(call: Call) -> Response:
    record = call.cluster.find(call.resource, call.target.namespace, call.target.name)
    obj, is_gone = deletion.delete(call.cluster, call.resource, record, _delete_options(call))
    options = _options(call)
    if not is_gone or key_of(call.resource) in RETURNED_WHEN_DELETED:
        return _show(call, to_served(obj, call.resource), options)
    details: Object = {"name": record.name}
    if call.resource.group:
        details["group"] = call.resource.group
    details.update(kind=call.resource.plural, uid=record.uid)
    return _status(success(details), 200)


def _delete_collection(call: Call) -> Response:
    selection = reads.read_selection(call.resource, call.target.namespace, call.query)
    options = _delete_options(call)
    body = reads.render_list(call.cluster, selection, call.form, call.query)
    for record in call.cluster.select(call.resource, call.target.namespace):
        if selection.selects(record) and call.cluster.store.get_uid(record.uid) is not None:
            deletion.delete(call.cluster, call.resource, record, options)
    return _respond(body, call.form)


def _status(body: Object, code: int) -> Response:
    import json

    return Response(json.dumps(body, separators=(",", ":")), code, media_type="application/json")


# --- subresources --------------------------------------------------------------------------------------------------


def _answer_subresource(call: Call) -> Response:
    name = call.target.subresource
    known = call.resource.subresources.get(name)
    if known is None:
        raise unknown_path()
    if name in _PARTS:
        return _answer_part(call)
    if name == "scale":
        return _answer_scale(call)
    record = call.cluster.find(call.resource, call.target.namespace, call.target.name)
    options = _options(call)
    if (name, call.method) in (("eviction", "POST"), ("binding", "POST")):
        act = subresources.evict if name == "eviction" else subresources.bind
        sent, _ = documents.parse_object(call.body, call.content_type)
        return _status(act(call.cluster, call.resource, record, sent, options), 201)
    if (name, call.method) == ("finalize", "PUT"):
        sent, _ = documents.parse_object(call.body, call.content_type)
        obj = subresources.finalize_namespace(call.cluster, call.resource, record, sent, options)
        return _show(call, obj, options)
    raise not_implemented(f"{call.method} {call.resource.plural}/{name}")


def _answer_part(call: Call) -> Response:
    handler = {"GET": _get, "PUT": _update, "PATCH": _patch}.get(call.method)
    if handler is None:
        raise method_not_allowed()
    return handler(call)


def _answer_scale(call: Call) -> Response:
    target, options = call.target, _options(call)
    record = call.cluster.find(call.resource, target.namespace, target.name)
    is_read = call.method == "GET"
    scale = subresources.read_scale(call.resource, to_served(record.view, call.resource), is_strict=is_read)
    if call.method == "GET":
        return _status(scale, 200)
    if call.method == "PUT":
        sent, _ = documents.parse_object(call.body, call.content_type)
    elif call.method == "PATCH":
        sent = _patched_scale(call, scale)
    else:
        raise method_not_allowed()
    written = subresources.write_scale(call.cluster, call.resource, target.namespace, target.name, sent, options)
    return _status(written, 200)


def _patched_scale(call: Call, scale: Object) -> Object:
    kind = documents.media_type(call.content_type)
    if kind == JSON_PATCH:
        return json_patch(scale, _parse_patch(call))
    if kind in (MERGE_PATCH, STRATEGIC_PATCH):
        # A Scale has no lists, so both mean the same.
        return merge_patch(scale, _parse_patch(call))
    raise not_implemented(f"PATCH {call.resource.plural}/scale with {kind}")


_HANDLERS: dict[str, Callable[[Call], Response]] = {
    "get_": _get,
    "list_": _list,
    "watch_": _watch,
    "create_": _create,
    "update_": _update,
    "patch_": _patch,
    "delete_": _delete,
    "deletecollection_": _delete_collection,
}
