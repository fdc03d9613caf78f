import json
import pickle

import pytest

from environment.errors import TerraformError
from environment.state_folder import (
    StateFolder,
    TerraformState,
    format_suffix,
    has_moved,
    parse_database,
    parse_state,
    parse_suffix,
    settle_suffix,
)


def test_state_without_outputs_is_no_infrastructure() -> None:
    found = parse_state(json.dumps({"version": 4, "serial": 3, "lineage": "l", "outputs": {}, "resources": []}))
    assert (found.serial, found.lineage, found.infrastructure) == (3, "l", None)


def test_state_of_another_format_is_refused() -> None:
    with pytest.raises(TerraformError, match="format 5"):
        parse_state(json.dumps({"version": 5}))


def state(serial: int, lineage: str = "l") -> TerraformState:
    return TerraformState(serial=serial, lineage=lineage, infrastructure=None)


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (state(3), state(3), False),
        (state(3), state(4), True),
        (state(3), state(3, "k"), True),
        (state(3), None, True),
        (None, state(1), True),
        (None, None, False),
    ],
)
def test_state_that_somebody_wrote_meanwhile_has_moved(before, now, expected) -> None:
    assert has_moved(StateFolder(state=before), StateFolder(state=now)) is expected


def test_the_whole_state_stays_with_copies_and_out_of_what_is_written_down() -> None:
    folder = StateFolder(state=state(3)).with_text("whole")
    assert folder.model_copy(update={"suffix": "x1y2z3"}).text == "whole"
    written = (pickle.dumps(folder), folder.model_dump_json().encode(), repr(folder).encode())
    assert [text for text in written if b"whole" in text] == []
    assert pickle.loads(written[0]) == StateFolder(state=state(3))


def test_suffix_is_read_as_it_was_written() -> None:
    assert parse_suffix(format_suffix("x1y2z3")) == "x1y2z3"


@pytest.mark.parametrize(
    ("database", "kept", "is_there", "expected"),
    [
        (None, None, False, None),
        (None, "next", False, "next"),
        ("dev-mysql-here", None, True, "here"),
        ("dev-mysql-here", "here", False, "here"),
        ("dev-mysql-here", "next", True, "here"),
        ("dev-mysql-here", "next", False, "next"),
    ],
)
def test_suffix_is_of_the_database_that_is_there(database, kept, is_there, expected) -> None:
    assert settle_suffix(database, kept, lambda name: is_there) == expected


@pytest.mark.parametrize(
    ("instances", "expected"),
    [
        ([], None),
        ([{"attributes": {"name": "a"}}], "a"),
        ([{"attributes": {"name": "old"}, "deposed": "1"}, {"attributes": {"name": "new"}}], "new"),
        ([{"attributes": {"name": "old"}, "deposed": "1"}], None),
    ],
)
def test_database_of_a_state(instances, expected) -> None:
    found = {"mode": "managed", "type": "google_sql_database_instance", "instances": instances}
    other = {"mode": "managed", "type": "google_sql_database", "instances": [{"attributes": {"name": "mlpipeline"}}]}
    assert parse_database(json.dumps({"version": 4, "resources": [other, found]})) == expected
