from __future__ import annotations

from typing import Any

import pytest

from environment.changes import UNKNOWN, Change, FieldChange
from environment.drift import (
    OUTSIDE,
    PENDING,
    Drift,
    DriftReport,
    describe_drift,
    drift_digest,
    editors_of,
    infrastructure_drift,
    object_drift,
    root_user_drift,
    secret_drift,
    service_drift,
)
from environment.drift_notes import DETECTED, RESOLVED, DriftNotes, note
from environment.terraform_plan import InfrastructurePlan

POOL = "module.cluster.google_container_node_pool.this"
UI = "Deployment kubeflow/ml-pipeline-ui"


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


@pytest.mark.parametrize(
    ("was_enabled", "kind"), [(("a.googleapis.com", "b.googleapis.com"), OUTSIDE), (("a.googleapis.com",), PENDING)]
)
def test_service_that_is_off_was_on_before_or_is_new_in_the_spec(was_enabled, kind):
    found, warnings = service_drift(("a.googleapis.com", "b.googleapis.com"), ("a.googleapis.com",), was_enabled)
    assert [(one.kind, one.address) for one in found] == [(kind, "b.googleapis.com")]
    assert warnings == ()


def test_retired_service_that_was_given_up_is_no_drift():
    found, warnings = service_drift(("ml.googleapis.com",), (), ("a.googleapis.com",))
    assert found == ()
    assert len(warnings) == 1


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


def update(*fields: tuple[str, Any, Any, str], address: str = UI) -> Change:
    changed = tuple(FieldChange(path=p, before=b, after=a, owner=o) for p, b, a, o in fields)
    return Change(layer="pipelines", action="update", address=address, fields=changed)


IMAGE = (".spec.image", "mine", "ours", "kubectl-edit")
ARGS = (".spec.args", "old", "new", "")
NOTE = (".spec.template.metadata.annotations.mlops-env/version-of-mysql-secret", "1", "2", "")


@pytest.mark.parametrize(
    ("change", "switches", "found"),
    [
        pytest.param(update(IMAGE), {"same_manifests": True}, [(OUTSIDE, [IMAGE[0]])], id="edited"),
        pytest.param(update(ARGS), {"same_manifests": True}, [(OUTSIDE, [ARGS[0]])], id="nobody owns it any more"),
        pytest.param(update(ARGS), {"same_manifests": False}, [(PENDING, [ARGS[0]])], id="rendered anew"),
        pytest.param(
            update(IMAGE, ARGS),
            {"same_manifests": False},
            [(OUTSIDE, [IMAGE[0]]), (PENDING, [ARGS[0]])],
            id="edited and rendered anew",
        ),
        pytest.param(
            update((".metadata.managedFields", None, "mlops-env", "")), {"same_manifests": True}, [], id="owner alone"
        ),
        pytest.param(update(NOTE), {"same_manifests": True, "secrets_drifted": True}, [], id="follows from a secret"),
        pytest.param(update(NOTE), {"same_manifests": True}, [(OUTSIDE, [NOTE[0]])], id="follows from nothing"),
        pytest.param(
            Change(layer="pipelines", action="create", address=UI), {"same_manifests": True}, [(OUTSIDE, [])], id="gone"
        ),
        pytest.param(
            Change(layer="pipelines", action="create", address=UI), {"same_manifests": False}, [(PENDING, [])], id="new"
        ),
        pytest.param(
            Change(layer="pipelines", action="create", address="secret keys of Secret Manager"),
            {"same_manifests": True},
            [],
            id="said elsewhere",
        ),
    ],
)
def test_objects_are_told_apart(change, switches, found):
    drifts = object_drift([change], {UI: ("kubectl-edit at T",)}, **switches)
    assert [(one.kind, [field.path for field in one.fields]) for one in drifts] == found
    assert all(one.by == ("kubectl-edit at T",) for one in drifts if one.kind == OUTSIDE)


def entry(manager: str, time: str, **more: str) -> dict[str, str]:
    return {"manager": manager, "operation": "Update", "time": time, **more}


@pytest.mark.parametrize(
    ("owners", "editors"),
    [
        (["kubectl-edit"], ("kubectl-edit at 2026-01-03",)),
        ([], ("kubectl-edit at 2026-01-03", "kubectl-patch at 2026-01-04")),
    ],
)
def test_editors_are_the_owners_or_who_came_after_us(owners, editors):
    entries = [
        entry("before-us", "2026-01-01"),
        entry("mlops-env", "2026-01-02"),
        entry("kubectl-edit", "2026-01-03"),
        entry("kubectl-patch", "2026-01-04"),
        entry("kube-controller-manager", "2026-01-05"),
        entry("status-writer", "2026-01-05", subresource="status"),
    ]
    assert editors_of({"metadata": {"managedFields": entries}}, owners) == editors


def drift(path: str = "max", actual: int = 9, **more: Any) -> Drift:
    return Drift.model_validate(
        {
            "layer": "infrastructure",
            "kind": OUTSIDE,
            "condition": "changed",
            "address": POOL,
            "fields": [{"path": path, "expected": 5, "actual": actual}],
            **more,
        }
    )


def report(*found: Drift) -> DriftReport:
    return DriftReport(
        environment="dev", project_id="acme-dev", checked_at="T2", found=found, digest=drift_digest(found)
    )


def test_digest_is_of_the_set_and_not_of_who_or_when():
    one, other = drift(), drift("min")
    assert drift_digest([one, other]) == drift_digest([other, one.model_copy(update={"by": ("somebody at T",)})])
    assert drift_digest([one]) != drift_digest([drift(actual=10)])
    assert drift_digest([]) == ""


@pytest.mark.parametrize(
    ("before", "now", "event"),
    [
        (None, (), ""),
        (None, (drift(),), DETECTED),
        ((drift(),), (drift(),), ""),
        ((drift(),), (drift("min"),), DETECTED),
        ((drift(),), (), RESOLVED),
        ((), (), ""),
    ],
)
def test_event_is_sent_when_the_set_changes(before, now, event):
    kept = None if before is None else DriftNotes(since="T1", report=report(*before))
    notes, sent = note(report(*now), kept)
    assert sent == event
    is_known = kept is not None and kept.report.digest == notes.report.digest
    assert notes.since == ("T1" if is_known else "T2")
    assert DriftNotes.read(notes.model_dump_json()) == notes


@pytest.mark.parametrize("text", [None, "{}", '{"since": 3}'])
def test_notes_of_another_shape_count_as_none(text):
    assert DriftNotes.read(text) is None


def test_drifted_layers_are_those_that_create_puts_back():
    pending = drift(kind=PENDING, layer="services", fields=())
    left = drift(layer="pipelines", is_undone=False)
    found = report(drift(), pending, left)
    assert found.layers == ("infrastructure",)
    assert describe_drift(found.found) == "2 changed outside, 1 pending change"
    assert describe_drift(()) == "In sync"
