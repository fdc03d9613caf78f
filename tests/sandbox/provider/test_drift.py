"""What a plan says when a field is missing from an answer: as the real provider was seen to plan it.

Left out are a few fields that no Google API leaves out, such as an object's region or its machine's image.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.provider.errors import Gone

Json = dict[str, Any]
EFFECTS = json.loads((Path(__file__).resolve().parents[2] / "data" / "field_effects.json").read_text())


def _remove(body: Any, keys: list[str]) -> None:
    for item in body if isinstance(body, list) else [body]:
        if isinstance(item, dict) and len(keys) == 1:
            item.pop(keys[0], None)
        elif isinstance(item, dict) and keys[0] in item:
            _remove(item[keys[0]], keys[1:])


def _answers_without(reads: list[Json], effect: Json, field: str) -> list[Json]:
    answers = copy.deepcopy(reads)
    for call in answers:
        if call["service"] == effect["service"] and call["path"].endswith(effect["path_ends_with"]):
            _remove(call["answer"], field.split("."))
    return answers


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: f"{effect['type']}-{effect['path_ends_with']}")
def test_a_missing_field(effect: Json, recording: Callable[..., Any], terraform: Callable[..., Any]) -> None:
    recorded, core = recording(effect["type"]), terraform(effect["type"])
    core.api.expect(recorded.calls["create"])
    created = core.apply(None, recorded.configuration)
    core.api.expect(recorded.calls["read"])
    known = core.refresh(created)

    def planned_without(field: str) -> str:
        core.api.expect(_answers_without(recorded.calls["read"], effect, field))
        try:
            state = core.refresh(known)
        except Gone:
            return "create"
        planned, forced = core.plan(state, recorded.configuration)
        return "delete/create" if forced else "none" if planned == state else "update"

    found = {field: planned_without(field) for fields in effect["effects"].values() for field in fields}
    assert found == {field: kind for kind, fields in effect["effects"].items() for field in fields}
