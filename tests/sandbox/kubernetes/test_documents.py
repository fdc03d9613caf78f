from __future__ import annotations

import pytest

from sandbox.kubernetes.documents import parse_document, parse_object
from sandbox.kubernetes.status import ApiError


def test_json_with_the_paths_of_doubled_fields() -> None:
    obj, doubled = parse_object(b'{"a": {"b": 1, "b": 2}, "c": [{"d": 1, "d": 1}]}', "application/json; charset=utf-8")
    assert obj == {"a": {"b": 2}, "c": [{"d": 1}]}
    assert doubled == ["a.b", "c[0].d"]


def test_yaml_keeps_dates_as_texts_and_knows_y_for_yes() -> None:
    obj, _ = parse_object(b"date: 2026-01-31\nflag: y\nword: yes\n", "application/yaml")
    assert obj == {"date": "2026-01-31", "flag": True, "word": True}


def test_an_apply_may_be_json_or_yaml() -> None:
    assert parse_document(b'{"a": 1}', is_yaml=True)[0] == parse_document(b"a: 1", is_yaml=True)[0]


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"k8s\x00\x08", "application/vnd.kubernetes.protobuf", 400),
    ],
)
def test_anything_else_is_refused(body: bytes, content_type: str, code: int) -> None:
    with pytest.raises(ApiError) as error:
        parse_object(body, content_type)
    assert error.value.code == code
