"""Creating, replacing, patching and applying objects: the steps that every write takes, in the real server's order.

decode and fill defaults → record who owns what → keep or fill in what is not the client's → admit and validate →
store, unless nothing changed or nothing may be stored.
"""

from __future__ import annotations

import copy
import secrets
from collections.abc import Callable
from typing import Any

from sandbox.kubernetes import admission
from sandbox.kubernetes.apply import STATUS_IGNORES, ApplyConflict, ApplyError, apply, record_update
from sandbox.kubernetes.cluster import Cluster, WriteOptions
from sandbox.kubernetes.conversion import to_served, to_stored
from sandbox.kubernetes.decoding import decode, describe_unknown
from sandbox.kubernetes.deletion import is_free, release
from sandbox.kubernetes.effects import after_write
from sandbox.kubernetes.managers import decode_managed, encode_managed, keep_times
from sandbox.kubernetes.merge import same
from sandbox.kubernetes.resources import Resource
from sandbox.kubernetes.status import (
    ApiError,
    already_exists,
    apply_conflict,
    bad_request,
    conflict,
    invalid,
    not_found,
    stale,
)
from sandbox.kubernetes.storage import Record
from sandbox.kubernetes.strategies import (
    CREATED_BY_UPDATE,
    UPDATED_WITH_VERSION,
    key_of,
    prepare_create,
    prepare_update,
    resets_status,
)

Object = dict[str, Any]
Change = Callable[[Object], Object]

_SUFFIX = "bcdfghjklmnpqrstvwxz2456789"
_LONGEST_PREFIX = 58


def create(cluster: Cluster, resource: Resource, namespace: str, obj: Object, options: WriteOptions) -> Object:
    """Create an object and return it as stored.

    Raises:
        ApiError: It exists, is invalid, or its namespace does not take it.
    """
    obj = _decode_new(resource, namespace, obj)
    admission.check_namespace(cluster, resource, namespace, obj)
    obj = record_update(None, obj, resource.schema, manager=options.manager, now=cluster.now())
    return _store_new(cluster, resource, namespace, obj, options)


def _decode_new(resource: Resource, namespace: str, obj: Object) -> Object:
    check_identity(resource, namespace, "", obj)
    obj = dict(obj)
    if resets_status(resource):
        obj.pop("status", None)
    return decode(resource, obj)


def _store_new(cluster: Cluster, resource: Resource, namespace: str, obj: Object, options: WriteOptions) -> Object:
    metadata = obj["metadata"]
    _name(resource, metadata)
    for key in ("resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"):
        metadata.pop(key, None)
    metadata.update(uid=cluster.new_uid(), creationTimestamp=cluster.now())
    if resource.namespaced:
        metadata["namespace"] = namespace
    else:
        metadata.pop("namespace", None)
    prepare_create(cluster.store, resource, obj)
    admission.admit(cluster, resource, obj, None)
    if cluster.store.get(*resource.stored_as, metadata.get("namespace", ""), metadata["name"]) is not None:
        raise already_exists(resource.group, resource.plural, metadata["name"])
    if options.dry_run:
        return obj
    return _put(cluster, resource, obj)


def _name(resource: Resource, metadata: Object) -> None:
    if metadata.get("name"):
        return
    prefix = metadata.get("generateName")
    if not prefix:
        cause = admission.name_required()
        raise invalid(resource.group, resource.kind, "", [cause])
    metadata["name"] = prefix[:_LONGEST_PREFIX] + "".join(secrets.choice(_SUFFIX) for _ in range(5))


def _put(cluster: Cluster, resource: Resource, obj: Object) -> Object:
    stored = to_stored(obj, resource)
    head = {"apiVersion": stored["apiVersion"], "kind": stored["kind"]}
    record = cluster.store.put(*resource.stored_as, {**head, **stored})
    after_write(cluster, resource, record)
    return to_served(record.copy(), resource)


def check_identity(resource: Resource, namespace: str, name: str, obj: Object) -> None:
    """Refuse an object whose kind, version, namespace or name are not those of the path.

    Raises:
        ApiError: One of them differs (400).
    """
    api_version, kind = obj.get("apiVersion"), obj.get("kind")
    if not kind:
        raise bad_request(f"Object 'Kind' is missing in '{_shown(obj)}'")
    if kind != resource.kind:
        version = str(api_version).rpartition("/")[2]
        raise bad_request(
            f'{kind} in version "{version}" cannot be handled as a {resource.kind}: converting ({version}.{kind}) to '
            f"({resource.group.partition('.')[0] or 'core'}.{resource.kind}): unknown conversion"
        )
    if api_version != resource.api_version:
        raise bad_request(
            f"the API version in the data ({api_version}) does not match the expected API version "
            f"({resource.api_version})"
        )
    metadata = obj.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise bad_request("json: cannot unmarshal into Go struct field .metadata of type v1.ObjectMeta")
    if resource.namespaced and metadata.get("namespace") not in (None, "", namespace):
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    if name and metadata.get("name") not in (None, "", name):
        raise bad_request(f"the name of the object ({metadata['name']}) does not match the name on the URL ({name})")


def _shown(obj: Object) -> str:
    import json

    return json.dumps(obj, separators=(",", ":"))[:500]


def replace(
    cluster: Cluster, resource: Resource, namespace: str, name: str, obj: Object, options: WriteOptions, part: str = ""
) -> tuple[Object, bool]:
    """Replace an object, or its status, and return it and whether it was created.

    Raises:
        ApiError: There is none, it has changed meanwhile, or the new one is invalid.
    """
    if not (obj.get("metadata") or {}).get("name"):
        raise bad_request(f"the name of the object ({name} based on URL) was undeterminable: name must be provided")
    check_identity(resource, namespace, name, obj)
    live = cluster.store.get(*resource.stored_as, namespace, name)
    if live is None and not part and key_of(resource) in CREATED_BY_UPDATE:
        obj = {**obj, "metadata": {**(obj.get("metadata") or {}), "name": name}}
        return create(cluster, resource, namespace, obj, options), True
    if live is None:
        raise not_found(resource.group, resource.plural, name)
    needs_version = resource.custom is not None or key_of(resource) in UPDATED_WITH_VERSION
    if needs_version and not (obj.get("metadata") or {}).get("resourceVersion"):
        cause = admission.version_required()
        raise invalid(resource.group, resource.plural if resource.custom else resource.kind, name, [cause])
    new = decode(resource, obj)
    new["metadata"]["name"] = name
    return _update(cluster, resource, live, new, options, part), False


def modify(
    cluster: Cluster,
    resource: Resource,
    namespace: str,
    name: str,
    change: Change,
    options: WriteOptions,
    part: str = "",
) -> Object:
    """Change an object by a patch and return it.

    Raises:
        ApiError: There is none, or what the patch makes of it is invalid.
    """
    live = cluster.find(resource, namespace, name)
    served = to_served(live.copy(), resource)
    changed = change(served)
    check_identity(resource, namespace, name, changed)
    warn_unknown(resource, changed, options, is_patch=True)
    return _update(cluster, resource, live, decode(resource, changed), options, part)


def warn_unknown(
    resource: Resource, obj: Object, options: WriteOptions, doubled: list[str] | None = None, *, is_patch: bool = False
) -> None:
    """Refuse unknown and doubled fields, or warn of them, as the client asked.

    Raises:
        ApiError: There are some, and validation is strict.
    """
    if options.field_validation == "Ignore":
        return
    problems = [*(f'duplicate field "{path}"' for path in doubled or []), *describe_unknown(resource, obj)]
    if not problems:
        return
    if options.field_validation == "Warn":
        options.warnings.extend(problems)
        return
    text = f"strict decoding error: {', '.join(problems)}"
    if is_patch:
        raise invalid("", "", "", [admission.patch_cause(obj, text)])
    raise bad_request(f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: {text}')


def _update(
    cluster: Cluster, resource: Resource, record: Record, new: Object, options: WriteOptions, part: str
) -> Object:
    live = to_served(record.copy(), resource)
    _check_versions(resource, record, live, new)
    new = record_update(live, new, resource.schema, manager=options.manager, now=cluster.now(), subresource=part)
    if part == "scale":
        new = _without_time(new, part) if resource.custom is None else _with_owners_of(live, new)
    return _store_changed(cluster, resource, live, new, options, part)


def _with_owners_of(live: Object, new: Object) -> Object:
    """The real server tells nobody's ownership of what is written through a custom resource's scale."""
    metadata = {key: value for key, value in new["metadata"].items() if key != "managedFields"}
    _keep(live["metadata"], metadata, "managedFields")
    return {**new, "metadata": metadata}


def _without_time(obj: Object, part: str) -> Object:
    """The real server notes no time for what is written through a scale."""
    managed = decode_managed(obj["metadata"].get("managedFields"))
    managed = {key: owned._replace(time=None) if key.subresource == part else owned for key, owned in managed.items()}
    return {**obj, "metadata": {**obj["metadata"], "managedFields": encode_managed(managed)}}


def _check_versions(resource: Resource, record: Record, live: Object, new: Object) -> None:
    metadata = new["metadata"]
    uid = metadata.get("uid")
    if uid and uid != live["metadata"]["uid"]:
        problem = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {live['metadata']['uid']}"
        raise conflict(resource.group, resource.plural, record.name, problem)
    version = metadata.get("resourceVersion")
    if version and version != live["metadata"]["resourceVersion"]:
        raise stale(resource.group, resource.plural, record.name)


_SYSTEM = (
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "resourceVersion",
    "generateName",
)


def _store_changed(
    cluster: Cluster, resource: Resource, live: Object, new: Object, options: WriteOptions, part: str
) -> Object:
    old_metadata, metadata = live["metadata"], new["metadata"]
    for key in _SYSTEM:
        if key in old_metadata:
            metadata[key] = old_metadata[key]
        else:
            metadata.pop(key, None)
    if resource.namespaced:
        metadata["namespace"] = old_metadata["namespace"]
    if part == "status":
        new = _with_new_status(resource, live, new)
    elif resource.has_status:
        _keep(live, new, "status")
    if part in ("", "scale"):
        prepare_update(cluster.store, resource, live, new)
    admission.admit(cluster, resource, new, live, part)
    new = keep_times(live, new)
    if same(new, live):
        return live
    if options.dry_run:
        return new
    if is_free(new):
        # The removal of the last finalizer is not stored: the object is gone at once.
        release(cluster, new["metadata"]["uid"])
        return new
    return _put(cluster, resource, new)


def _with_new_status(resource: Resource, live: Object, new: Object) -> Object:
    kept = copy.deepcopy(live)
    if "status" in new:
        kept["status"] = new["status"]
    else:
        kept.pop("status", None)
    metadata = new["metadata"]
    if resource.custom is None:
        # Built-in kinds take metadata along with the status; custom ones take nothing but the record of owners.
        ignored = STATUS_IGNORES.get(resource.kind, ())
        for key in ("labels", "annotations", "finalizers", "ownerReferences"):
            if ("metadata",) not in ignored and ("metadata", key) not in ignored:
                _keep(metadata, kept["metadata"], key)
    _keep(metadata, kept["metadata"], "managedFields")
    return kept


def _keep(source: Object, target: Object, key: str) -> None:
    if key in source:
        target[key] = source[key]
    else:
        target.pop(key, None)


def apply_object(
    cluster: Cluster,
    resource: Resource,
    namespace: str,
    name: str,
    applied: Object,
    options: WriteOptions,
    part: str = "",
) -> tuple[Object, bool]:
    """Apply a configuration (server-side apply) and return the object and whether it was created.

    Raises:
        ApiError: Others own what it would change (409), or the result is invalid.
    """
    if not applied.get("apiVersion"):
        raise bad_request(f"invalid object type: /, Kind={applied.get('kind', '')}")
    check_identity(resource, namespace, name, applied)
    record = cluster.store.get(*resource.stored_as, namespace, name)
    if record is None and part:
        raise not_found(resource.group, resource.plural, name)
    metadata = applied.get("metadata") or {}
    live = to_served(record.copy(), resource) if record else None
    if record is None and metadata.get("resourceVersion"):
        raise stale(resource.group, resource.plural, name)
    if record is None:
        admission.check_namespace(cluster, resource, namespace, applied)
    merged = _merge(cluster, resource, live, applied, options, part)
    merged["metadata"] = {**(merged.get("metadata") or {}), "name": name}
    if record is None or live is None:
        if resets_status(resource):
            merged.pop("status", None)
        return _store_new(cluster, resource, namespace, _redecode(resource, merged), options), True
    if metadata.get("resourceVersion"):
        merged["metadata"]["resourceVersion"] = metadata["resourceVersion"]
        _check_versions(resource, record, live, merged)
    return _store_changed(cluster, resource, live, _redecode(resource, merged), options, part), False


def _merge(
    cluster: Cluster, resource: Resource, live: Object | None, applied: Object, options: WriteOptions, part: str
) -> Object:
    try:
        return apply(
            live,
            applied,
            resource.schema,
            manager=options.manager,
            force=options.force,
            now=cluster.now(),
            subresource=part,
        )
    except ApplyConflict as error:
        raise apply_conflict(str(error), error.causes) from error
    except ApplyError as error:
        raise ApiError(error.code, "BadRequest" if error.code == 400 else "", str(error)) from error


def _redecode(resource: Resource, merged: Object) -> Object:
    """Bring what an apply put together into the stored form, without touching the record of owners."""
    if resource.custom is not None:
        # It is in that form already, and the nulls that are left in it are for validation to refuse.
        return merged
    managed = merged["metadata"].pop("managedFields", None)
    decoded = decode(resource, merged)
    if managed:
        decoded["metadata"]["managedFields"] = managed
    return decoded
