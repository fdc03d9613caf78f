import json

import pytest

from sandbox.kernel.errors import ApiError

B = "/storage/v1/b"


@pytest.fixture
def bucket(services) -> str:
    services("POST", "storage", f"{B}?project=acme-dev", {"name": "acme", "versioning": {"enabled": True}})
    return f"{B}/acme"


def put(services, name: str, content: bytes, query: str = ""):
    return services("POST", "storage", f"/upload{B}/acme/o?uploadType=media&name={name}{query}", raw=content)


def test_a_bucket_has_googles_defaults_and_its_name_is_global(services, bucket) -> None:
    found = services("GET", "storage", bucket)
    assert (found["location"], found["storageClass"], found["metageneration"]) == ("US", "STANDARD", "1")
    own = services.error("POST", "storage", f"{B}?project=acme-dev", {"name": "acme"})
    other = services.error("POST", "storage", f"{B}?project=other-project", {"name": "acme"})
    assert own.code == other.code == 409
    assert "you already own it" in own.message
    assert "not available" in other.message


def test_a_patch_merges_and_null_removes(services, bucket) -> None:
    services("PATCH", "storage", bucket, {"labels": {"a": "1", "b": "2"}})
    found = services("PATCH", "storage", bucket, {"labels": {"a": None}, "name": "other"})
    assert found["labels"] == {"b": "2"}
    assert found["name"] == "acme"
    assert found["metageneration"] == "3"


def test_a_lock_that_must_not_exist_excludes(services, bucket) -> None:
    lock = put(services, "default.tflock", b"mine", "&ifGenerationMatch=0")
    with pytest.raises(ApiError) as caught:
        put(services, "default.tflock", b"theirs", "&ifGenerationMatch=0")
    assert caught.value.code == 412
    path = f"{bucket}/o/default.tflock"
    assert services.error("DELETE", "storage", f"{path}?ifGenerationMatch=1").code == 412
    services("DELETE", "storage", f"{path}?ifGenerationMatch={lock['generation']}")
    assert services.error("GET", "storage", path).code == 404


def test_a_versioned_bucket_keeps_what_was_overwritten(services, bucket) -> None:
    first = put(services, "a", b"one")
    put(services, "a", b"two")
    assert services.answer("GET", "storage", f"{bucket}/o/a?alt=media").content == b"two"
    old = services.answer("GET", "storage", f"{bucket}/o/a?alt=media&generation={first['generation']}")
    assert old.content == b"one"
    assert len(services("GET", "storage", f"{bucket}/o?versions=true")["items"]) == 2
    assert services.error("DELETE", "storage", bucket).code == 409


def test_multipart_keeps_bytes_that_look_like_lines(services, bucket) -> None:
    content = b"\r\n--x\r\n\x00binary\n"
    raw = (
        b'--b0\r\nContent-Type: application/json\r\n\r\n{"name": "dir/f"}\r\n'
        b"--b0\r\nContent-Type: text/plain\r\n\r\n" + content + b"\r\n--b0--"
    )
    headers = {"content-type": 'multipart/related; boundary="b0"'}
    path = f"/upload{B}/acme/o?uploadType=multipart"
    made = services("POST", "storage", path, raw=raw, headers=headers)
    assert (made["name"], made["contentType"], made["size"]) == ("dir/f", "text/plain", str(len(content)))
    assert services.answer("GET", "storage", "/acme/dir/f", root=True).content == content


def test_a_resumable_upload_comes_in_parts(services, bucket) -> None:
    path = f"/upload{B}/acme/o?uploadType=resumable&name=big"
    begun = services.answer("POST", "storage", path, raw=json.dumps({"contentType": "text/plain"}).encode())
    session = begun.headers["Location"].partition("storage.googleapis.com")[2]
    part = services.answer("PUT", "storage", session, raw=b"abc", headers={"content-range": "bytes 0-2/*"})
    assert (part.status, part.headers["Range"]) == (308, "bytes=0-2")
    whole = services.answer("PUT", "storage", session, raw=b"de", headers={"content-range": "bytes 3-4/5"})
    assert whole.content["size"] == "5"
    assert services.answer("GET", "storage", f"{bucket}/o/big?alt=media").content == b"abcde"


def test_a_list_has_folders(services, bucket) -> None:
    for name in ("a/1", "a/2", "b"):
        put(services, name, b"")
    found = services("GET", "storage", f"{bucket}/o?delimiter=/")
    assert [item["name"] for item in found["items"]] == ["b"]
    assert found["prefixes"] == ["a/"]


def test_a_clients_notes_are_marked_and_the_state_is_not(services, bucket) -> None:
    def answer(name: str):
        return services.answer("POST", "storage", f"/upload{B}/acme/o?uploadType=media&name={name}", raw=b"{}")

    assert answer("p/default.tflock").bookkeeping
    assert answer("p/default.tflock").mutating is False
    assert answer("p/default.tfstate").mutating
    assert not answer("p/default.tfstate").bookkeeping


def test_a_range_is_answered_in_part(services, bucket) -> None:
    put(services, "a", b"abcdef")
    path = f"{bucket}/o/a?alt=media"
    part = services.answer("GET", "storage", path, headers={"range": "bytes=2-3"})
    assert (part.status, part.content, part.headers["Content-Range"]) == (206, b"cd", "bytes 2-3/6")
