"""Uploads: simple, multipart and resumable. Source: https://cloud.google.com/storage/docs/uploads-downloads."""

from __future__ import annotations

import json
import re
from email.parser import BytesParser

from sandbox.kernel.errors import invalid, not_found
from sandbox.kernel.routes import Answer, Call, Json
from sandbox.services.storage.bookkeeping import is_bookkeeping
from sandbox.services.storage.buckets import HOST, Buckets
from sandbox.services.storage.objects import Objects

SESSIONS = "uploads"
_RANGE = re.compile(r"bytes (?:(?P<first>\d+)-(?P<last>\d+)|\*)/(?P<total>\d+|\*)")


def upload(call: Call) -> Answer:
    """objects.insert by any of the three ways."""
    Buckets(call.cloud).get(call.params["bucket"])
    kind = call.query.get("uploadType", "media")
    if kind == "media":
        given: Json = {"contentType": call.headers.get("content-type", "")}
        return _written(call, call.query.get("name", ""), call.raw, given)
    if kind == "multipart":
        given, content = _split_multipart(call)
        return _written(call, str(given.get("name") or call.query.get("name", "")), content, given)
    if kind == "resumable":
        return _begin(call)
    raise invalid(f"Invalid upload type: {kind}")


def continue_upload(call: Call) -> Answer:
    """Take the next part of a resumable upload; 308 until it is whole."""
    session_id = call.query.get("upload_id", "")
    session = call.cloud.store.get(SESSIONS, session_id)
    if session is None:
        raise not_found("upload session")
    asked = _RANGE.fullmatch(call.headers.get("content-range", "bytes */*"))
    content = (call.cloud.store.get_blob(f"upload:{session_id}") or b"") + call.raw
    is_whole = "content-range" not in call.headers or (asked and asked["total"] == str(len(content)))
    if not is_whole:
        call.cloud.store.put_blob(f"upload:{session_id}", content)
        headers = {"Range": f"bytes=0-{len(content) - 1}"} if content else {}
        return Answer(None, 308, headers, mutating=False)
    call.cloud.store.delete(SESSIONS, session_id)
    call.cloud.store.delete_blob(f"upload:{session_id}")
    body = Objects(call.cloud, session["bucket"]).write(session["name"], content, session["given"], session["query"])
    return Answer(body, bookkeeping=is_bookkeeping(session["name"]), mutating=not is_bookkeeping(session["name"]))


def _begin(call: Call) -> Answer:
    given = call.body or (json.loads(call.raw) if call.raw.strip() else {})
    given.setdefault("contentType", call.headers.get("x-upload-content-type", ""))
    name = str(given.get("name") or call.query.get("name", ""))
    if not name:
        raise invalid("Required parameter: name")
    session_id = call.cloud.clock.uuid()
    bucket = call.params["bucket"]
    session = {"bucket": bucket, "name": name, "given": given, "query": dict(call.query)}
    call.cloud.store.put(SESSIONS, session_id, session)
    path = f"/upload/storage/v1/b/{bucket}/o?uploadType=resumable&upload_id={session_id}"
    return Answer({}, headers={"Location": call.cloud.link(HOST, path)}, mutating=False)


def _written(call: Call, name: str, content: bytes, given: Json) -> Answer:
    if not name:
        raise invalid("Required parameter: name")
    body = Objects(call.cloud, call.params["bucket"]).write(name, content, given, call.query)
    return Answer(body, bookkeeping=is_bookkeeping(name), mutating=not is_bookkeeping(name))


def _split_multipart(call: Call) -> tuple[Json, bytes]:
    """Cut a multipart/related body into its JSON and its content, which may hold any bytes."""
    header = b"Content-Type: " + call.headers.get("content-type", "").encode() + b"\r\n\r\n"
    boundary = BytesParser().parsebytes(header, headersonly=True).get_boundary()
    if not boundary:
        raise invalid("Multipart body without a boundary")
    parts = re.split(rb"(?:^|\r?\n)--" + re.escape(boundary.encode()) + rb"(?:--)?[ \t]*(?:\r?\n|$)", call.raw)
    parts = [part for part in parts if part.strip()]
    if len(parts) < 2:
        raise invalid("Multipart body without two parts")
    described, media = (re.split(rb"\r?\n\r?\n", part, maxsplit=1) for part in parts[:2])
    given: Json = json.loads(described[-1])
    media_type = re.search(rb"(?im)^content-type:\s*([^\r\n]+)", media[0])
    if media_type and not given.get("contentType"):
        given["contentType"] = media_type[1].decode()
    return given, media[1] if len(media) == 2 else b""
