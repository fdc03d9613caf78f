"""The typed name: without it, or with another, nothing is started and nothing is called."""

from __future__ import annotations

import pytest

from cli import main as command


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["--yes", "prod"], 64, "'prod' is not the name of the environment; to destroy it, give dev"),
        (["--yes", ""], 64, "'' is not the name of the environment; to destroy it, give dev"),
        (["--yes", "DEV", "--delete-data"], 64, "to destroy it, give dev"),
        ([], 1, "nobody confirmed that dev is to go; give --yes dev"),
        (["--delete-data"], 1, "nobody confirmed that dev is to go"),
    ],
)
def test_without_the_right_name_nothing_is_started(monkeypatch, capsys, arguments, code, expected) -> None:
    def refuse(*_: object, **__: object) -> None:
        pytest.fail("a flow was started")

    monkeypatch.setattr("cli.destroy.run_flow", refuse)
    monkeypatch.setattr("cli.destroy.reach_cloud", refuse)
    monkeypatch.setattr("cli.destroy.TemporaryServer", refuse)
    monkeypatch.setattr("sys.argv", ["mlops-env", "destroy", "dev", *arguments])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert int(ended.value.code or 0) == code
    printed = capsys.readouterr()
    assert expected in printed.err
    assert printed.out == ""


@pytest.mark.parametrize(("typed", "code"), [("dev\n", 0), ("staging\n", 64)])
def test_on_a_terminal_the_name_is_asked_for(monkeypatch, capsys, typed: str, code: int) -> None:
    import io

    from environment.destruction import DestroyReport

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def run(name: str, environment: str, overrides: object, server: object, **switches: object) -> DestroyReport:
        assert switches == {"confirmed_name": "dev", "delete_data": False}
        return DestroyReport(environment="dev", project_id="p", kept=("bucket b",))

    monkeypatch.setattr("cli.destroy.run_flow", run)
    monkeypatch.setattr("cli.destroy.reach_cloud", lambda spec: None)
    monkeypatch.setattr("cli.destroy.TemporaryServer", lambda: None)
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.argv", ["mlops-env", "destroy", "dev"])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert int(ended.value.code or 0) == code
    assert ("kept       bucket b" in capsys.readouterr().out) is (code == 0)
