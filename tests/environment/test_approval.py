"""What an approved plan covers, and what is said where it does not."""

from __future__ import annotations

from typing import Any

import pytest

from environment.approval import Answer, check_approved, check_unmoved, moved, rejection, unapproved
from environment.changes import UNKNOWN, Change, FieldChange
from environment.errors import ApprovalError
from environment.guard import TAINTED
from environment.reports import PlanBasis, PlanReport

BASIS = PlanBasis(spec_digest="s", state_serial=4, state_lineage="l", manifests_digest="sha256:m")
POOL = "module.cluster.google_container_node_pool.this"
UI = "Deployment kubeflow/ml-pipeline-ui"


def infra(action: str, address: str = POOL, *fields: FieldChange, **more: Any) -> Change:
    return Change(layer="infrastructure", action=action, address=address, fields=fields, **more)


def thing(action: str, address: str = UI, *fields: FieldChange) -> Change:
    return Change(layer="pipelines", action=action, address=address, fields=fields)


def field(path: str, after: Any, before: Any = None) -> FieldChange:
    return FieldChange(path=path, before=before, after=after)


def replaced(*fields: FieldChange) -> Change:
    return infra("replace", POOL, *fields, replace_paths=("name", "region"))


def report(*changes: Change, **basis: Any) -> PlanReport:
    return PlanReport(
        environment="prod", project_id="p", changes=changes, basis=BASIS.model_copy(update=basis), warnings=()
    )


USER = "user root@% of prod-mysql-"


@pytest.mark.parametrize(
    ("approved", "decided"),
    [
        (infra("create"), infra("create")),
        (infra("create"), infra("noop", "something.else")),
        (infra("update", POOL, field("a", 2), field("b", 3)), infra("update", POOL, field("a", 2, before=9))),
        (infra("replace", POOL, field("name", f"x-{UNKNOWN}")), infra("replace", POOL, field("name", "x-k2j4h1"))),
        (replaced(field("name", 1)), replaced(field("name", 1), field("settings[0].retain_backups_on_delete", 1))),
        (infra("create"), infra("replace", POOL, reason=TAINTED)),
        (infra("create", f"{USER}{UNKNOWN}"), infra("create", f"{USER}k2j4h1")),
        (thing("update", UI, field(".spec", 1)), thing("update", UI, field(".spec", 2), field(".metadata", 3))),
        (thing("replace"), thing("create")),
    ],
)
def test_covered(approved: Change, decided: Change) -> None:
    assert unapproved((decided,), (approved,)) == ()
    check_approved((decided,), (approved,))


@pytest.mark.parametrize(
    ("approved", "decided"),
    [
        (infra("update", POOL, field("a", 2)), infra("update", POOL, field("a", 3))),
        (infra("update", POOL, field("a", 2)), infra("update", POOL, field("a", 2), field("b", 3))),
        (infra("update", POOL, field("a", 2)), infra("replace", POOL, field("a", 2))),
        (infra("update"), infra("delete")),
        (infra("create"), infra("replace")),
        (replaced(field("name", 1)), replaced(field("name", 2))),
        (replaced(field("region", 1)), replaced(field("region", 1), field("name", 1))),
        (infra("create"), infra("create", f"{POOL}[0]")),
        (infra("create", f"{USER}{UNKNOWN}"), infra("create", "user root@% of other-mysql-k2j4h1")),
        (infra("create", UI), thing("create", UI)),
        (thing("update"), thing("delete")),
        (thing("create"), thing("update")),
    ],
)
def test_not_covered(approved: Change, decided: Change) -> None:
    assert unapproved((decided,), (approved,)) == (decided,)
    with pytest.raises(ApprovalError, match="not approved: ") as caught:
        check_approved((decided,), (approved,))
    assert decided.address in str(caught.value)
    assert "before is in the history" in caught.value.hint, "what met it may have changed something already"


def test_where_nothing_was_approved_nothing_may_be_done_and_where_nothing_needs_to_be_all() -> None:
    assert unapproved((infra("create"),), ()) == (infra("create"),)
    assert unapproved((infra("create"),), None) == ()


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (report(infra("update")), ()),
        (report(infra("update"), state_serial=5), ("the serial of Terraform's state (4 → 5)",)),
        (report(infra("update"), state_lineage="k"), ("the lineage of Terraform's state",)),
        (report(infra("update"), manifests_digest="sha256:n"), ("the rendered manifests",)),
        (report(infra("update"), spec_digest="t"), ("the spec",)),
        (report(infra("update"), thing("delete")), (f"new: delete {UI}",)),
        (report(), (f"gone: update {POOL}",)),
        (report(infra("update", POOL, field("a", 1))), (f"different: update {POOL}: a",)),
        (report(infra("replace")), (f"different: replace {POOL}",)),
    ],
)
def test_what_has_moved_is_named(now: PlanReport, expected: tuple[str, ...]) -> None:
    assert moved(report(infra("update")), now) == expected


def test_what_has_moved_is_one_line_however_much_it_is() -> None:
    many = [thing("delete", f"ConfigMap kubeflow/{number}") for number in range(9)]
    with pytest.raises(ApprovalError, match=r"prod has moved .* and 4 more; nothing was changed") as caught:
        check_unmoved(report(), report(*many))
    assert "\n" not in str(caught.value)


def test_rejection_is_one_line_with_the_reason() -> None:
    assert rejection("prod", Answer(decision="reject", reason="not\non Friday ")).message == (
        "the change of prod was rejected: not on Friday"
    )
    assert rejection("prod", Answer(decision="reject")).message == "the change of prod was rejected"
