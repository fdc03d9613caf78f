"""Who is asked for approval, and how; and what `mlops-env approve` needs."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest

from cli import approval
from cli import main as command
from cli.approval import ask_on_terminal, how_to_ask
from environment.approval import Answer
from environment.changes import Change, FieldChange
from environment.errors import ApprovalError
from environment.reports import PlanBasis, PlanReport
from environment.spec_file import load_environment

POOL = Change(
    layer="infrastructure",
    action="update",
    address="module.cluster.google_container_node_pool.this",
    fields=(FieldChange(path="autoscaling[0].max_node_count", before=6, after=8),),
)
PLAN = PlanReport(
    environment="prod",
    project_id="acme-prod",
    changes=(POOL,),
    basis=PlanBasis(spec_digest="s", state_serial=1, state_lineage="l", manifests_digest="sha256:m"),
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sit somebody at a terminal who types this."""

    def sit(typed: str) -> None:
        monkeypatch.setattr("sys.stdin", Terminal(typed))
        monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)

    return sit


@pytest.mark.parametrize("has_api", [False, True])
def test_on_a_terminal_it_is_asked_there_whatever_server_there_is(terminal, monkeypatch, has_api: bool) -> None:
    terminal("")
    monkeypatch.setattr(approval, "has_api", lambda: has_api)
    assert how_to_ask(load_environment("prod"), is_given=False) is ask_on_terminal


@pytest.mark.parametrize(("name", "is_given"), [("dev", False), ("prod", True)])
def test_nobody_is_asked_where_none_is_required_or_it_was_given(terminal, name: str, is_given: bool) -> None:
    terminal("")
    assert how_to_ask(load_environment(name), is_given=is_given) is None


def test_without_a_terminal_it_is_left_to_a_server_that_stays(monkeypatch) -> None:
    monkeypatch.setattr(approval, "has_api", lambda: True)
    assert how_to_ask(load_environment("prod"), is_given=False) is None
    monkeypatch.setattr(approval, "has_api", lambda: False)
    with pytest.raises(ApprovalError, match=r"changes of prod need approval; .*--yes.*PREFECT_API_URL"):
        how_to_ask(load_environment("prod"), is_given=False)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("y\n", Answer(decision="approve")),
        ("n\n", Answer(decision="reject", reason="answered with no")),
        ("\n", Answer(decision="reject", reason="answered with no")),
    ],
)
def test_the_plan_is_shown_before_it_is_asked(terminal, capsys, typed: str, expected: Answer) -> None:
    terminal(typed)
    assert ask_on_terminal(PLAN) == expected
    printed = capsys.readouterr()
    assert printed.out.strip() == ""
    shown = re.sub(r"\x1b\[[\d;]*m", "", printed.err)
    assert "prod (acme-prod): 1 change" in shown
    assert "autoscaling[0].max_node_count: 6 → 8" in shown


def test_without_a_server_there_is_nothing_to_approve(monkeypatch, capsys) -> None:
    monkeypatch.setattr("cli.approve.has_api", lambda: False)
    monkeypatch.setattr("sys.argv", ["mlops-env", "approve", "create-prod"])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == 64
    assert "PREFECT_API_URL" in capsys.readouterr().err
