"""Members are added to and taken from a policy that others change at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.provider.resources.iam_members import Membership, change_bindings

Json = dict[str, Any]
WHEN = (("expression", "true"), ("title", "t"))


def add(role: str, member: str, condition: tuple[tuple[str, str], ...] = ()) -> Membership:
    return Membership(role, member, condition, is_wanted=True)


def take(role: str, member: str) -> Membership:
    return Membership(role, member, (), is_wanted=False)


@pytest.mark.parametrize(
    ("bindings", "changes", "expected"),
    [
        ([], [add("r", "user:a")], [{"role": "r", "members": ["user:a"]}]),
        (
            [{"role": "r", "members": ["user:b"]}],
            [add("r", "user:a"), add("q", "user:a")],
            [{"role": "q", "members": ["user:a"]}, {"role": "r", "members": ["user:a", "user:b"]}],
        ),
        ([{"role": "r", "members": ["user:A"]}], [add("r", "user:a")], [{"role": "r", "members": ["user:A"]}]),
        (
            [{"role": "r", "members": ["user:A", "user:b"]}],
            [take("r", "user:a")],
            [{"role": "r", "members": ["user:b"]}],
        ),
        ([{"role": "r", "members": ["user:a"]}], [take("r", "user:a")], []),
        ([{"role": "r", "members": ["user:a"]}], [take("r", "user:x")], [{"role": "r", "members": ["user:a"]}]),
        (
            [{"role": "r", "members": ["user:a"]}],
            [add("r", "user:b", WHEN)],
            [
                {"role": "r", "members": ["user:a"]},
                {"role": "r", "members": ["user:b"], "condition": {"expression": "true", "title": "t"}},
            ],
        ),
    ],
)
def test_bindings(bindings: list[Json], changes: list[Membership], expected: list[Json]) -> None:
    assert change_bindings(bindings, changes) == expected


class Policy:
    """A project's policy with an etag; `conflicts` writes are refused first."""

    def __init__(self, conflicts: int = 0) -> None:
        self.bindings: list[Json] = []
        self.etag = 0
        self.conflicts = conflicts
        self.writes: list[Json] = []

    def answer(self, call: Json) -> Json:
        if call["path"].endswith(":setIamPolicy"):
            self.writes.append(call["body"]["policy"])
            if self.conflicts:
                self.conflicts -= 1
                self.etag += 1
                return {"status": 409, "answer": {"error": {"message": "There were concurrent policy changes"}}}
            assert call["body"]["policy"]["etag"] == str(self.etag)
            self.bindings = call["body"]["policy"].get("bindings", [])
            self.etag += 1
        return {"answer": {"bindings": self.bindings, "etag": str(self.etag)}}


def configuration(role: str) -> Json:
    return {"project": "mlops-sandbox", "role": role, "member": "user:me@example.com"}


def test_members_of_one_project_share_a_write(terraform: Callable[..., Any]) -> None:
    core, policy = terraform("google_project_iam_member"), Policy()
    core.api.answers = policy.answer
    roles = [f"roles/r{number}" for number in range(5)]
    threads = [threading.Thread(target=core.apply, args=(None, configuration(role))) for role in roles]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(policy.writes) == 1
    assert [binding["role"] for binding in policy.bindings] == roles


def test_a_conflict_is_read_again(terraform: Callable[..., Any]) -> None:
    core, policy = terraform("google_project_iam_member"), Policy(conflicts=2)
    core.api.answers = policy.answer
    state = core.apply(None, configuration("roles/viewer"))
    assert [write["etag"] for write in policy.writes] == ["0", "1", "2"]
    assert state["id"] == "mlops-sandbox/roles/viewer/user:me@example.com"


def test_a_member_that_somebody_took_out_is_planned_anew(terraform: Callable[..., Any]) -> None:
    core, policy = terraform("google_project_iam_member"), Policy()
    core.api.answers = policy.answer
    state = core.apply(None, configuration("roles/viewer"))
    policy.bindings = []
    with pytest.raises(Exception, match="does not have roles/viewer"):
        core.refresh(state)


def test_an_import_names_project_role_and_member(terraform: Callable[..., Any]) -> None:
    core = terraform("google_project_iam_member")
    state = core.resource.import_state("mlops-sandbox roles/viewer user:me@example.com")
    assert (state["project"], state["role"], state["member"]) == (
        "mlops-sandbox",
        "roles/viewer",
        "user:me@example.com",
    )
