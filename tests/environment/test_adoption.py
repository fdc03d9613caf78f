"""What a plan would make, as what may be imported; and plans that would lose something."""

from __future__ import annotations

from typing import Any

import pytest

from environment.adoption import CONNECTION, IDS, candidates, check_only_kept, found_suffix, import_blocks
from environment.changes import Change
from environment.destruction import BUCKET, DATABASE, Found
from environment.errors import PreflightError, ReplacementRefusedError
from environment.names import Names

NAMES = Names("acme-project", "acme")


def entry(kind: str, actions: tuple[str, ...] = ("create",), mode: str = "managed", **after: Any) -> dict[str, Any]:
    change = {"actions": list(actions), "after": after}
    return {"address": f"module.m.{kind}.this", "mode": mode, "type": kind, "change": change}


def test_only_what_would_be_made_and_has_an_id_is_a_candidate() -> None:
    made = entry("google_compute_network", name="acme-network", project="acme-project", mtu=None)
    others = [
        entry("google_compute_router", ("no-op",), name="r"),
        entry("google_project_iam_member", member="m"),
        entry("google_compute_firewall", ("read",), "data", name="f"),
    ]
    (found,) = candidates({"resource_changes": [made, *others]}, NAMES)
    assert found.address == "module.m.google_compute_network.this"
    assert import_blocks([found]) == (
        "import {\n  to = module.m.google_compute_network.this\n"
        '  id = "projects/acme-project/global/networks/acme-network"\n}\n'
    )


def test_every_type_has_its_id_from_what_a_plan_knows() -> None:
    known = {"name": "n", "region": "r", "location": "l", "router": "o", "cluster": "c", "account_id": "a"}
    found = candidates({"resource_changes": [entry(kind, **known) for kind in IDS]}, NAMES)
    ids = {one.type: one.import_id for one in found}
    assert set(ids) == set(IDS)
    assert not [one for one in ids.values() if "{" in one]
    assert ids[CONNECTION] == "projects/acme-project/global/networks/acme-network:servicenetworking.googleapis.com"
    assert ids["google_compute_router_nat"] == "projects/acme-project/regions/r/routers/o/n"


@pytest.mark.parametrize(
    ("found", "suffix"),
    [
        ([], None),
        ([Found(BUCKET, "acme-mysql-abc123")], None),
        ([Found(DATABASE, "acme-mysql-abc123"), Found(DATABASE, "else")], "abc123"),
    ],
)
def test_the_database_is_known_by_its_name(found: list[Found], suffix: str | None) -> None:
    assert found_suffix(found, NAMES) == suffix


def test_of_two_databases_neither_is_taken() -> None:
    with pytest.raises(PreflightError, match="acme-mysql-abc123, acme-mysql-def456"):
        found_suffix([Found(DATABASE, "acme-mysql-def456"), Found(DATABASE, "acme-mysql-abc123")], NAMES)


def test_a_plan_that_loses_something_is_refused_with_the_attribute() -> None:
    def change(action: Any, *forcing: str) -> Change:
        return Change(layer="infrastructure", action=action, address="google_x.y", replace_paths=forcing)

    check_only_kept([change("import"), change("update"), change("create"), change("noop")])
    with pytest.raises(ReplacementRefusedError, match=r"replace google_x\.y \(forced by size\)"):
        check_only_kept([change("import"), change("replace", "size")])
    with pytest.raises(ReplacementRefusedError, match=r"delete google_x\.y"):
        check_only_kept([change("delete")])
