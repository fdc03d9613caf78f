from __future__ import annotations

from typing import Any

import pytest

from sandbox.kubernetes.fields import from_json
from sandbox.kubernetes.reconcile import reconcile
from sandbox.kubernetes.types import crd_schema

SCHEMA = crd_schema(
    {
        "type": "object",
        "properties": {
            "whole": {"type": "object", "x-kubernetes-map-type": "atomic", "additionalProperties": {"type": "string"}},
            "list": {"type": "array", "items": {"type": "string"}},
            "map": {"type": "object", "additionalProperties": {"type": "string"}},
        },
    }
)


@pytest.mark.parametrize(
    ("recorded", "now"),
    [
        ({"f:whole": {"f:a": {}}}, {"f:whole": {}}),
        ({"f:whole": {".": {}, "f:a": {}}, "f:map": {"f:a": {}}}, {"f:whole": {}, "f:map": {"f:a": {}}}),
        ({"f:list": {'v:"a"': {}}}, {"f:list": {}}),
        ({"f:map": {"f:a": {}}}, {"f:map": {"f:a": {}}}),
        ({"f:gone": {"f:a": {}}}, {"f:gone": {"f:a": {}}}),
    ],
)
def test_what_became_atomic_is_owned_as_a_whole(recorded: dict[str, Any], now: dict[str, Any]) -> None:
    assert reconcile(from_json(recorded), SCHEMA).to_json() == now
