"""A listing that says that it is not whole is none."""

from __future__ import annotations

import pytest

from clients.discovery_api import check_complete
from environment.errors import TransientError


@pytest.mark.parametrize(
    ("answer", "places"),
    [
        ({"items": []}, ""),
        ({"items": [], "warnings": [], "unreachable": []}, ""),
        ({"warnings": [{"code": "SQL_INSTANCE_WARNING_CODE_UNSPECIFIED", "region": "r1"}]}, ""),
        ({"items": {"zones/z": {"warning": {"code": "NO_RESULTS_ON_PAGE"}}}}, ""),
        ({"warnings": [{"code": "REGION_UNREACHABLE", "region": "r2"}]}, "r2"),
        ({"unreachable": ["projects/p/locations/l"], "missingZones": ["a-zone"]}, "a-zone, projects/p/locations/l"),
    ],
)
def test_places_that_were_not_reached_are_named(answer, places) -> None:
    if not places:
        check_complete(answer)
        return
    with pytest.raises(TransientError, match=f"could not reach {places}, and left out"):
        check_complete(answer)
