from __future__ import annotations

from typing import Any

import pytest

from sandbox.kubernetes.selectors import (
    SELECTABLE,
    format_label_selector,
    matches_label_selector,
    parse_field_selector,
    parse_label_selector,
)
from sandbox.kubernetes.status import ApiError

LABELS = {"app": "web", "tier": "front", "weight": "5", "example.com/x": ""}


@pytest.mark.parametrize(
    ("selector", "selects"),
    [
        ("app=web", True),
        ("app==web", True),
        ("app = web", True),
        ("app!=web", False),
        ("other!=web", True),
        ("app", True),
        ("!app", False),
        ("!other", True),
        ("app in (web,api)", True),
        ("app in ( web , api )", True),
        ("app notin (web)", False),
        ("other notin (web)", True),
        ("app=web,tier=back", False),
        ("app=web,tier in (front),!other", True),
        ("weight>4", True),
        ("weight<5", False),
        ("example.com/x=", True),
        ("other=", False),
    ],
)
def test_label_selector(selector: str, selects: bool) -> None:
    assert parse_label_selector(selector)({"metadata": {"labels": LABELS}}) is selects


@pytest.mark.parametrize("selector", ["app in (web", "a b", "app in", "=x", "!app=web"])
def test_label_selector_that_cannot_be_read(selector: str) -> None:
    with pytest.raises(ApiError) as error:
        parse_label_selector(selector)
    assert error.value.code == 400


@pytest.mark.parametrize(
    ("selector", "selects"),
    [
        ({}, True),
        (None, False),
        ({"matchLabels": {"app": "web"}}, True),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}, False),
        ({"matchExpressions": [{"key": "other", "operator": "DoesNotExist"}]}, True),
        ({"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "tier", "operator": "Exists"}]}, True),
    ],
)
def test_label_selector_of_an_object(selector: dict[str, Any] | None, selects: bool) -> None:
    assert matches_label_selector(selector, LABELS) is selects


def test_label_selector_is_written_as_by_kubectl() -> None:
    expression = {"key": "b", "operator": "In", "values": ["y", "x"]}
    assert format_label_selector({"matchExpressions": [expression], "matchLabels": {"a": "1"}}) == "a=1,b in (x,y)"
    assert format_label_selector(None) == "<none>"


POD = {"metadata": {"name": "p", "namespace": "n"}, "spec": {"nodeName": "node"}, "status": {"phase": "Running"}}


@pytest.mark.parametrize(
    ("selector", "selects"),
    [
        ("metadata.name=p", True),
        ("metadata.name!=p", False),
        ("metadata.namespace=n,status.phase=Running", True),
        ("spec.nodeName=", False),
        ("status.phase==Failed", False),
    ],
)
def test_field_selector(selector: str, selects: bool) -> None:
    assert parse_field_selector(selector, SELECTABLE["", "pods"])(POD) is selects


def test_absent_fields_have_their_zero_value() -> None:
    node = {"metadata": {"name": "n"}, "spec": {}}
    assert parse_field_selector("spec.unschedulable=false", SELECTABLE["", "nodes"])(node)


def test_another_field_is_refused_by_name() -> None:
    with pytest.raises(ApiError, match=r"field label not supported: spec\.image"):
        parse_field_selector("spec.image=x", SELECTABLE["", "pods"])
