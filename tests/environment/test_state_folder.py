import json

import pytest

from environment.errors import TerraformError
from environment.state_folder import format_suffix, parse_state, parse_suffix


def test_state_without_outputs_is_no_infrastructure() -> None:
    found = parse_state(json.dumps({"version": 4, "serial": 3, "lineage": "l", "outputs": {}, "resources": []}))
    assert (found.serial, found.lineage, found.infrastructure) == (3, "l", None)


def test_state_of_another_format_is_refused() -> None:
    with pytest.raises(TerraformError, match="format 5"):
        parse_state(json.dumps({"version": 5}))


def test_suffix_is_read_as_it_was_written() -> None:
    assert parse_suffix(format_suffix("x1y2z3")) == "x1y2z3"
