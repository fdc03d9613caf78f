"""What a rotation may change besides secrets: nothing; and its note, read back."""

from __future__ import annotations

import pytest

from environment.changes import Change, FieldChange
from environment.errors import PreflightError
from environment.pipeline_secrets import VERSION_ANNOTATION
from environment.rotation import Rotation, check_only_versions, parse_rotation

VERSION = f".spec.template.metadata.annotations.{VERSION_ANNOTATION}mysql-secret"
IMAGE = '.spec.template.spec.containers[name="main"].image'


def change(action: str, *paths: str) -> Change:
    fields = [FieldChange(path=path) for path in paths]
    return Change(layer="pipelines", action=action, address="Deployment ml/x", fields=fields)


@pytest.mark.parametrize("changes", [[], [change("noop")], [change("update", VERSION)]])
def test_versions_may_change(changes: list[Change]) -> None:
    check_only_versions(changes)


@pytest.mark.parametrize(
    "other",
    [change("update", VERSION, IMAGE), change("update", IMAGE), change("create"), change("replace", ".spec.selector")],
)
def test_all_else_stops_it(other: Change) -> None:
    with pytest.raises(PreflightError, match=f"{other.action} Deployment ml/x.*run create first"):
        check_only_versions([change("update", VERSION), other])


def test_the_note_is_read_back_and_another_release_s_refused() -> None:
    rotation = Rotation(began_at="2026-01-01T00:00:00+00:00", replaced={"mysql-secret": "1"})
    assert parse_rotation(rotation.model_dump_json()) == rotation
    assert parse_rotation('{"began_at": "T", "replaced": {}}').run_id == ""
    with pytest.raises(PreflightError, match=r"another release.* finish it with that release"):
        parse_rotation('{"since": 1}')
