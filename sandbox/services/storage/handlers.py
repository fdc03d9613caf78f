"""Cloud Storage: JSON API v1 and the XML read path. Source: https://cloud.google.com/storage/docs/json_api/v1."""

from __future__ import annotations

import re
from urllib.parse import unquote

from sandbox.kernel.errors import invalid
from sandbox.kernel.pages import paginate
from sandbox.kernel.routes import Answer, Call, Json
from sandbox.services.iam.members import check_members
from sandbox.services.storage.bookkeeping import is_bookkeeping
from sandbox.services.storage.buckets import HOST, Buckets
from sandbox.services.storage.objects import Objects
from sandbox.services.storage.preconditions import check_preconditions

_BYTES = re.compile(r"bytes=(\d*)-(\d*)")


def create_bucket(call: Call) -> Json:
    """buckets.insert."""
    return Buckets(call.cloud).create(_project(call), call.body)


def list_buckets(call: Call) -> Json:
    """buckets.list."""
    page, token = paginate(
        Buckets(call.cloud).of_project(_project(call), call.query.get("prefix", "")), call.query, size_key="maxResults"
    )
    return {"kind": "storage#buckets", "items": page} | ({"nextPageToken": token} if token else {})


def get_bucket(call: Call) -> Json:
    """buckets.get."""
    found = Buckets(call.cloud).get(call.params["bucket"])
    check_preconditions(call.query, found, reading=True)
    return found


def change_bucket(call: Call) -> Json:
    """buckets.patch and buckets.update."""
    check_preconditions(call.query, Buckets(call.cloud).get(call.params["bucket"]))
    return Buckets(call.cloud).change(call.params["bucket"], call.body)


def delete_bucket(call: Call) -> Answer:
    """buckets.delete."""
    Buckets(call.cloud).delete(call.params["bucket"])
    return Answer(status=204)


def get_policy(call: Call) -> Json:
    """buckets.getIamPolicy."""
    name = Buckets(call.cloud).get(call.params["bucket"])["name"]
    return {"kind": "storage#policy", "resourceId": f"projects/_/buckets/{name}"} | call.cloud.policies.get(
        f"buckets/{name}"
    )


def set_policy(call: Call) -> Json:
    """buckets.setIamPolicy."""
    name = Buckets(call.cloud).get(call.params["bucket"])["name"]
    check_members(call.cloud, call.body)
    return {"kind": "storage#policy"} | call.cloud.policies.set(f"buckets/{name}", call.body)


def test_permissions(call: Call) -> Json:
    """buckets.testIamPermissions."""
    bucket = Buckets(call.cloud).get(call.params["bucket"])
    project = call.cloud.projects.get(bucket["projectNumber"]).project_id
    asked = call.query_lists.get("permissions", [])
    missing = call.cloud.access.missing(call.principal, asked, project, (f"buckets/{bucket['name']}",))
    permissions = [one for one in asked if one not in missing]
    return {"kind": "storage#testIamPermissionsResponse", "permissions": permissions}


def list_caches(call: Call) -> Json:
    """anywhereCaches.list: there are none."""
    Buckets(call.cloud).get(call.params["bucket"])
    return {"kind": "storage#anywhereCaches"}


def list_objects(call: Call) -> Json:
    """objects.list, with prefix, delimiter and versions."""
    found = Objects(call.cloud, call.params["bucket"]).select(call.query)
    prefixes: dict[str, None] = {}
    delimiter, prefix = call.query.get("delimiter", ""), call.query.get("prefix", "")
    if delimiter:
        direct = []
        for body in found:
            below, cut, _ = body["name"][len(prefix) :].partition(delimiter)
            if cut:
                prefixes[prefix + below + delimiter] = None
            else:
                direct.append(body)
        found = direct
    page, token = paginate(found, call.query, size_key="maxResults", default=1000)
    answer: Json = {"kind": "storage#objects", "items": page}
    if prefixes:
        answer["prefixes"] = list(prefixes)
    return answer | ({"nextPageToken": token} if token else {})


def get_object(call: Call) -> Json | Answer:
    """objects.get: the metadata, or with alt=media the content."""
    objects = Objects(call.cloud, call.params["bucket"])
    body = objects.get(call.params["object"], call.query)
    return _media(call, objects, body) if call.query.get("alt") == "media" else body


def download_object(call: Call) -> Answer:
    """Answer the content: the download path, and the XML API's GET and HEAD."""
    objects = Objects(call.cloud, call.params["bucket"])
    return _media(call, objects, objects.get(call.params["object"], call.query))


def change_object(call: Call) -> Answer:
    """objects.patch and objects.update."""
    name = call.params["object"]
    body = Objects(call.cloud, call.params["bucket"]).change(name, call.body, call.query)
    return Answer(body, bookkeeping=is_bookkeeping(name), mutating=not is_bookkeeping(name))


def delete_object(call: Call) -> Answer:
    """objects.delete."""
    name = call.params["object"]
    Objects(call.cloud, call.params["bucket"]).delete(name, call.query)
    return Answer(status=204, bookkeeping=is_bookkeeping(name), mutating=not is_bookkeeping(name))


def rewrite_object(call: Call) -> Json:
    """objects.rewrite, done in one step whatever the size."""
    source = Objects(call.cloud, call.params["bucket"])
    found = source.get(call.params["object"], {})
    given = {**found, **call.body}
    target = Objects(call.cloud, call.params["targetBucket"])
    written = target.write(unquote(call.params["target"]), source.content(found), given, call.query)
    size = written["size"]
    return {
        "kind": "storage#rewriteResponse",
        "totalBytesRewritten": size,
        "objectSize": size,
        "done": True,
        "resource": written,
    }


def _media(call: Call, objects: Objects, body: Json) -> Answer:
    content = objects.content(body)
    headers = {
        "ETag": body["etag"],
        "x-goog-generation": body["generation"],
        "x-goog-metageneration": body["metageneration"],
        "x-goog-hash": f"crc32c={body['crc32c']},md5={body['md5Hash']}",
        "x-goog-stored-content-length": body["size"],
        "x-goog-stored-content-encoding": body.get("contentEncoding", "identity"),
        "x-goog-storage-class": body["storageClass"],
        "Last-Modified": _http_date(body["updated"]),
        "Accept-Ranges": "bytes",
    }
    status = 200
    asked = _BYTES.fullmatch(call.headers.get("range", ""))
    if asked and content and (asked[1] or asked[2]):
        first = int(asked[1]) if asked[1] else max(len(content) - int(asked[2]), 0)
        last = min(int(asked[2]) if asked[1] and asked[2] else len(content) - 1, len(content) - 1)
        if first < len(content):
            headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
            content, status = content[first : last + 1], 206
    return Answer(content, status, headers, media_type=body["contentType"])


def _http_date(timestamp: str) -> str:
    from datetime import datetime
    from email.utils import format_datetime

    return format_datetime(datetime.fromisoformat(timestamp), usegmt=True)


def _project(call: Call) -> str:
    project = call.query.get("project", "")
    if not project:
        raise invalid("Required parameter: project", reason="required")
    project = call.cloud.projects.get(project).project_id
    call.cloud.projects.require(HOST, project)
    return project
