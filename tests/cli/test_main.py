"""Bad input: exit code 64, one line on stderr, nothing on stdout, no call to any cloud."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from cli import main as command

SPEC = """\
name: dev
role: dev
project_id: acme-mlops-dev
region: us-central1
zone: us-central1-a
name_prefix: acme-dev
state: {bucket: acme-mlops-dev-tfstate}
"""


def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run the command in this process; return its exit code and what it printed."""
    monkeypatch.setattr("sys.argv", ["mlops-env", *arguments])
    with pytest.raises(SystemExit) as ended:
        command.main()
    printed = capsys.readouterr()
    return int(ended.value.code or 0), printed.out, printed.err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["bogus"], "No such command 'bogus'"),
        (["create"], "Missing argument 'ENV'"),
        (["create", "dev", "--bogus"], "No such option: --bogus"),
        (["plan", "dev", "--set", "x"], "KEY=VALUE"),
        (["create", "nowhere"], "use one of dev, prod, sandbox, staging"),
        (["create", "./nowhere.yaml"], "no such file"),
        (["create", "dev", "--set", "cluster.max_node=3"], "did you mean max_nodes?"),
        (["create", "dev", "--set", "region=us-central1-a"], "use region: us-central1 and zone: us-central1-a"),
        (["create", "dev", "--cloud", "aws"], "cloud: 'aws' is unknown"),
        (["create", "dev", "--all"], "give either names or --all"),
        (["create", "dev", "staging", "--allow-replace", "x"], "--allow-replace is for one environment"),
        (["create", "dev", "--start-at", "later"], "'enable-services', 'provision-infra', 'deploy-kfp'"),
        (["plan", "dev", "sandbox"], "dev of cloud: google and sandbox of cloud: sandbox"),
        (["drift", "dev", "dev"], "two specs are of the name dev"),
        (["plan", "dev", "staging", "--parallelism", "0"], "greater than or equal to 1"),
        (["sandbox", "start", "--latency", "fast"], "'none', 'realistic'"),
    ],
)
def test_bad_usage_is_one_line_and_64(monkeypatch, capsys, arguments: list[str], expected: str) -> None:
    code, out, err = run(monkeypatch, capsys, *arguments)
    assert code == 64
    assert out == ""
    assert expected in err
    assert len(err.strip().splitlines()) == 1
    assert err.startswith("mlops-env: ")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("role: dev", "role: test"), "role: 'test' is unknown"),
        (("role: dev", "role: [dev"), "not valid YAML"),
        (("role: dev", "role: dev\nregoin: x"), "unknown field regoin: did you mean region?"),
        (("role: dev", "role: dev\npipelines: {version: 2.17.0}"), "use 2.14.4"),
        (("role: dev", "role: dev\nnetwork: {pods_cidr: 10.10.0.0/16}"), "overlap"),
        (("acme-dev\n", "a-very-long-prefix-that-no-one-needs\n"), "use at most"),
        (("role: dev", "role: dev\ncluster: {max_nodes: many}"), "cluster.max_nodes"),
    ],
)
def test_a_bad_spec_is_one_line_with_file_and_field(
    monkeypatch, capsys, tmp_path: Path, change: tuple[str, str], expected: str
) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC.replace(*change, 1))
    code, out, err = run(monkeypatch, capsys, "create", str(path))
    assert (code, out) == (64, "")
    assert expected in err
    assert str(path) in err
    assert len(err.strip().splitlines()) == 1


def test_a_google_spec_is_refused_while_variables_point_elsewhere(monkeypatch, capsys) -> None:
    monkeypatch.setenv("MLOPS_ENV_GOOGLE_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("cli.create.TemporaryServer", lambda: None)
    code, _, err = run(monkeypatch, capsys, "create", "dev")
    assert code == 64
    assert "MLOPS_ENV_GOOGLE_ENDPOINT" in err
    assert "--cloud sandbox" in err


def test_a_sandbox_that_does_not_answer_is_said(monkeypatch, capsys) -> None:
    monkeypatch.setenv("MLOPS_ENV_GOOGLE_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", "t")
    code, out, err = run(monkeypatch, capsys, "status", "sandbox")
    assert (code, out) == (1, "")
    assert "127.0.0.1:9" in err
    assert len(err.strip().splitlines()) == 1


def test_prod_is_not_changed_without_approval(monkeypatch, capsys) -> None:
    code, out, err = run(monkeypatch, capsys, "create", "prod", "--cloud", "sandbox")
    assert (code, out) == (1, "")
    assert "changes of prod need approval; run it by itself on a terminal, or with --yes" in err


@pytest.mark.parametrize(("flags", "forced"), [((), False), (("--force-conflicts",), True)])
def test_conflicts_are_forced_only_when_asked_to(monkeypatch, capsys, flags: tuple[str, ...], forced: bool) -> None:
    given: list[dict[str, bool]] = []

    def run_flow(*arguments: object, **switches: bool) -> None:
        given.append(switches)
        raise KeyboardInterrupt

    for name, value in (("run_flow", run_flow), ("TemporaryServer", lambda: None), ("reach_cloud", lambda spec: None)):
        monkeypatch.setattr(f"cli.create.{name}", value)
    code, _, _ = run(monkeypatch, capsys, "create", "dev", *flags)
    assert (code, [one["force_conflicts"] for one in given]) == (130, [forced])


def test_who_is_told_to_end_says_so_and_that_the_same_command_goes_on(monkeypatch, capsys) -> None:
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr("cli.create.reach_cloud", lambda spec: os.kill(os.getpid(), signal.SIGTERM))
    monkeypatch.setattr("cli.create.TemporaryServer", lambda: None)
    code, out, err = run(monkeypatch, capsys, "create", "dev")
    assert (code, out) == (143, "")
    assert err.splitlines()[-1] == "mlops-env: terminated; run the same command again to go on"
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_schema_is_one_json_document_and_takes_what_we_ship(monkeypatch, capsys) -> None:
    code, out, _ = run(monkeypatch, capsys, "schema")
    assert code == 0
    document = json.loads(out)
    assert document["additionalProperties"] is False
    assert {"name", "role", "cluster", "network"} <= set(document["properties"])


def test_help_names_every_command(monkeypatch, capsys) -> None:
    code, out, _ = run(monkeypatch, capsys, "--help")
    assert code == 0
    for name in ("create", "plan", "status", "ui", "kubeconfig", "schema", "sandbox"):
        assert name in out
