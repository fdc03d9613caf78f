from __future__ import annotations

from typing import Any

import pytest

from environment.changes import UNKNOWN, Change, FieldChange
from environment.drift import OUTSIDE, PENDING
from environment.infrastructure_drift import infrastructure_drift, root_user_drift, secret_drift
from environment.terraform_plan import InfrastructurePlan

POOL = "module.cluster.google_container_node_pool.this"


def terraform(action: Any, *fields: tuple[str, Any, Any], address: str = POOL) -> Change:
    changed = tuple(FieldChange(path=path, before=before, after=after) for path, before, after in fields)
    return Change(layer="infrastructure", action=action, address=address, fields=changed)


def planned(changes: tuple[Change, ...], outside: tuple[Change, ...]) -> list[tuple[str, str, list[tuple[Any, Any]]]]:
    found = infrastructure_drift(InfrastructurePlan(changes=changes, outside=outside))
    return [(one.kind, one.condition, [(f.expected, f.actual) for f in one.fields]) for one in found]


@pytest.mark.parametrize(
    ("changes", "outside", "found"),
    [
        pytest.param((), (), [], id="nothing"),
        pytest.param(
            (terraform("update", ("max", 9, 5)),),
            (terraform("update", ("max", 5, 9)),),
            [(OUTSIDE, "changed", [(5, 9)])],
            id="only the cloud was edited",
        ),
        pytest.param(
            (terraform("update", ("max", 5, 8)),), (), [(PENDING, "changed", [(8, 5)])], id="only the spec was edited"
        ),
        pytest.param(
            (terraform("update", ("max", 9, 8)),),
            (terraform("update", ("max", 5, 9)),),
            [(OUTSIDE, "changed", [(5, 9)]), (PENDING, "changed", [(8, 9)])],
            id="both were edited, the same field",
        ),
        pytest.param(
            (terraform("update", ("max", 9, 5), ("min", 1, 2)),),
            (terraform("update", ("max", 5, 9)),),
            [(OUTSIDE, "changed", [(5, 9)]), (PENDING, "changed", [(2, 1)])],
            id="both were edited, two fields",
        ),
        pytest.param(
            (terraform("create"),), (terraform("delete"),), [(OUTSIDE, "missing", [])], id="removed from the cloud"
        ),
        pytest.param((terraform("create"),), (), [(PENDING, "missing", [])], id="new in the modules"),
        pytest.param((terraform("delete"),), (), [(PENDING, "extra", [])], id="taken out of the modules"),
        pytest.param(
            (terraform("create"), terraform("update", ("pool", "a", UNKNOWN), address="other")),
            (terraform("delete"),),
            [(OUTSIDE, "missing", [])],
            id="what only follows from what was removed",
        ),
        pytest.param(
            (terraform("update", ("labels", "{}", '{"a": "b"}')),),
            (terraform("update", ("labels.a", "b", None)),),
            [(OUTSIDE, "changed", [("b", None)])],
            id="a field within what is put back",
        ),
        pytest.param(
            (terraform("replace", ("tainted", None, None)),),
            (),
            [(PENDING, "changed", [(None, None)])],
            id="to replace",
        ),
    ],
)
def test_infrastructure_is_told_apart(changes, outside, found):
    assert planned(changes, outside) == found


def test_what_create_would_leave_says_so():
    outside = (terraform("update", ('effective_labels["mine"]', None, "x")),)
    (drift,) = infrastructure_drift(InfrastructurePlan(changes=(), outside=outside))
    assert not drift.is_undone


def test_who_did_it_is_said_where_google_tells():
    outside = (terraform("update", ("max", 5, 9)), terraform("delete", address="a.google_compute_firewall.this"))
    found = infrastructure_drift(InfrastructurePlan(changes=(), outside=outside), {POOL: ("somebody at T",)})
    assert {one.address: one.by for one in found} == {
        POOL: ("somebody at T",),
        "a.google_compute_firewall.this": (),
    }


@pytest.mark.parametrize(
    ("newest", "expected", "path"),
    [
        (None, "1", "missing"),
        (("1", "ENABLED"), "1", None),
        (("1", "ENABLED"), None, None),
        (("1", "DISABLED"), "1", "versions[1].state"),
        (("2", "ENABLED"), "1", "versions.latest"),
    ],
)
def test_secret(newest, expected, path):
    drift = secret_drift("infrastructure", "dev-root", newest, expected)
    if path is None:
        assert drift is None
    elif path == "missing":
        assert drift is not None
        assert str(drift) == "missing secret dev-root of Secret Manager"
    else:
        assert drift is not None
        assert [field.path for field in drift.fields] == [path]


@pytest.mark.parametrize(
    ("has_user", "applied", "found"),
    [
        (True, "db/1", []),
        (False, "db/1", ["missing user root@% of db"]),
        (True, None, ["changed user root@% of db"]),
        (True, "older/1", ["changed user root@% of db"]),
    ],
)
def test_root_user(has_user, applied, found):
    assert [*map(str, root_user_drift("db", has_user=has_user, applied=applied, secret=None))] == found


def test_secret_that_drifted_says_more_than_its_user():
    secret = secret_drift("infrastructure", "dev-root", None)
    assert root_user_drift("db", has_user=True, applied=None, secret=secret) == ()
