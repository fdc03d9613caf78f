"""The stand-in makes the calls that the real provider was seen to make, with the same bodies, in the same order."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.provider.errors import Gone

RECORDED = Path(__file__).resolve().parents[2] / "data" / "provider"
TYPES = sorted(file.stem for file in RECORDED.glob("*.json"))
CHANGES = [
    (file.stem, number)
    for file in sorted(RECORDED.glob("*.json"))
    for number in range(len(json.loads(file.read_text())["changes"]))
]
Json = dict[str, Any]
KEYS = ("service", "method", "path", "body", "query")
CACHED = "/instanceGroupManagers"
"""The real provider keeps this answer for a while; the stand-in asks again."""


def _told(calls: list[Json]) -> list[Json]:
    told = [{key: call[key] for key in KEYS if call.get(key) is not None} for call in calls]
    return [call for call in told if not call["path"].endswith(CACHED)]


@pytest.mark.parametrize("type_name", TYPES)
def test_life_of_a_resource(type_name: str, recording: Callable[..., Any], terraform: Callable[..., Any]) -> None:
    recorded, core = recording(type_name), terraform(type_name)

    core.api.expect(recorded.calls["create"])
    state = core.apply(None, recorded.configuration)
    assert _told(core.api.made) == _told(recorded.calls["create"])

    planned, forced = core.plan(state, recorded.configuration)
    assert planned == state
    assert forced == []

    core.api.expect(recorded.calls["read"])
    state = core.refresh(state)
    assert core.plan(state, recorded.configuration)[0] == state

    core.api.expect(recorded.calls["delete"])
    core.resource.delete(state)
    assert _told(core.api.made) == _told(recorded.calls["delete"])


@pytest.mark.parametrize(("type_name", "number"), CHANGES)
def test_changes_of_a_resource(
    type_name: str, number: int, recording: Callable[..., Any], terraform: Callable[..., Any]
) -> None:
    recorded, core = recording(type_name), terraform(type_name)
    change = recorded.changes[number]
    before = recorded.changes[number - 1]["configuration"] if number else recorded.configuration

    core.api.expect(recorded.calls["create"])
    state = core.apply(None, recorded.configuration)
    if number:
        state |= core.plan(state, before)[0]
    core.api.expect(change["before"])
    state = core.refresh(state)
    planned, forced = core.plan(state, change["configuration"])
    assert forced == []
    assert planned != state

    core.api.expect(change["calls"])
    state = core.apply(state, change["configuration"])
    assert _told(core.api.made) == _told(change["calls"])
    assert core.plan(state, change["configuration"])[0] == state


@pytest.mark.parametrize("type_name", TYPES)
def test_what_is_gone_is_planned_anew(
    type_name: str, recording: Callable[..., Any], terraform: Callable[..., Any]
) -> None:
    recorded, core = recording(type_name), terraform(type_name)
    core.api.expect(recorded.calls["create"])
    state = core.apply(None, recorded.configuration)
    missing = {"error": {"code": 404, "message": "Not found", "status": "NOT_FOUND"}}
    core.api.expect([{**call, "status": 404, "answer": missing} for call in recorded.calls["read"]])
    with pytest.raises(Exception, match="Not found") as raised:
        core.refresh(state)
    assert isinstance(raised.value, Gone) or raised.value.code == 404
