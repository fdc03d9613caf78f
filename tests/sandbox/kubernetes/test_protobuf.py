from __future__ import annotations

from typing import Any

import pytest

from sandbox.kubernetes.protobuf import MAGIC, decode_protobuf
from sandbox.kubernetes.status import ApiError


def varint(value: int) -> bytes:
    value %= 2**64
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def part(field: int, *contents: bytes | str) -> bytes:
    data = b"".join(each.encode() if isinstance(each, str) else each for each in contents)
    return varint(field << 3 | 2) + varint(len(data)) + data


def envelope(api_version: str, kind: str, *contents: bytes) -> bytes:
    return MAGIC + part(1, part(1, api_version), part(2, kind)) + part(2, *contents)


@pytest.mark.parametrize(
    ("body", "decoded"),
    [
        (
            envelope("v1", "ConfigMap", part(1, part(1, "c"), part(8)), part(2, part(1, "a"), part(2, "1"))),
            {"metadata": {"name": "c", "creationTimestamp": None}, "data": {"a": "1"}},
        ),
        (envelope("v1", "Secret", part(2, part(1, "a"), part(2, b"\x00\xff"))), {"data": {"a": "AP8="}}),
        (
            envelope("apps/v1", "Deployment", part(2, number(1, 3), number(7, 1))),
            {"spec": {"replicas": 3, "paused": True}},
        ),
        (
            envelope("v1", "Node", part(1, part(8, number(1, 1769817600)))),
            {"metadata": {"creationTimestamp": "2026-01-31T00:00:00Z"}},
        ),
        (
            envelope("v1", "Pod", part(2, part(1, part(1, "v"), part(2, part(2))))),
            {"spec": {"volumes": [{"name": "v", "emptyDir": {}}]}},
        ),
        (
            envelope("v1", "Service", part(2, part(1, number(3, 80), part(4, number(1, 1), part(3, "http"))))),
            {"spec": {"ports": [{"port": 80, "targetPort": "http"}]}},
        ),
        (
            envelope("v1", "Service", part(2, part(1, number(3, 80), part(4, number(2, 8080))))),
            {"spec": {"ports": [{"port": 80, "targetPort": 8080}]}},
        ),
        (
            envelope("scheduling.k8s.io/v1", "PriorityClass", number(2, -5)),
            {"value": -5},
        ),
    ],
)
def test_objects(body: bytes, decoded: dict[str, Any]) -> None:
    head = ("apiVersion", "kind")
    found = {key: value for key, value in decode_protobuf(body).items() if key not in head}
    assert found == decoded


def test_the_kind_is_taken_along() -> None:
    obj = decode_protobuf(envelope("apps/v1", "Deployment"))
    assert (obj["apiVersion"], obj["kind"]) == ("apps/v1", "Deployment")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        MAGIC,
        envelope("v1", "Nothing"),
        MAGIC + b"\x0a\xff",
        MAGIC + part(1, b"\xff\xff"),
        envelope("v1", "Pod", number(1, 0)),
    ],
)
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(ApiError) as error:
        decode_protobuf(body)
    assert error.value.code == 400
