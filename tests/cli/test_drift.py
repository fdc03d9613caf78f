"""What `mlops-env drift` prints and returns, given what the flows report."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli import drift as drift_command
from cli import main as command
from environment.drift import OUTSIDE, Drift, DriftReport, RemediationReport
from environment.errors import TerraformError

GONE = Drift(layer="pipelines", kind=OUTSIDE, condition="missing", address="Service kubeflow/ml-pipeline")


class Nothing:
    """Stands in for what the command would start."""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run the command on a report, or on the error that the flow ends with."""

    def act(outcome: Any, *arguments: str) -> tuple[int, str, str]:
        def flow(name: str, *_: Any, **switches: Any) -> Any:
            assert name == ("remediate_drift" if "--remediate" in arguments else "detect_drift")
            assert {*switches} == ({"ask", "approved"} if "--remediate" in arguments else set())
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        monkeypatch.setattr(drift_command, "run_flow", flow)
        monkeypatch.setattr(drift_command, "TemporaryServer", Nothing)
        monkeypatch.setattr(drift_command, "reach_cloud", lambda spec: None)
        monkeypatch.setattr("sys.argv", ["mlops-env", "drift", "sandbox", *arguments])
        with pytest.raises(SystemExit) as ended:
            command.main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return act


def report(*found: Drift, warnings: tuple[str, ...] = ()) -> DriftReport:
    return DriftReport(environment="dev", project_id="acme-dev", checked_at="T", found=found, warnings=warnings)


def test_no_drift_is_0(run) -> None:
    assert run(report())[:2] == (0, "dev (acme-dev): in sync\n")


def test_drift_is_2_and_warnings_go_to_stderr(run) -> None:
    code, out, err = run(report(GONE, warnings=("compute is off",)))
    assert code == 2
    assert out.splitlines() == [
        "dev (acme-dev): 1 changed outside",
        "  pipelines: missing Service kubeflow/ml-pipeline (changed outside)",
    ]
    assert "compute is off" in err


def test_what_could_not_be_told_is_1(run) -> None:
    code, out, err = run(TerraformError("terraform plan: 403"))
    assert (code, out) == (1, "")
    assert err.count("\n") == 1


def test_json_is_one_document(run) -> None:
    assert json.loads(run(report(GONE), "--json")[1])["found"][0]["address"] == GONE.address


@pytest.mark.parametrize(("left", "code"), [(report(), 0), (report(GONE), 2)])
def test_remediation_says_what_is_left(run, left, code) -> None:
    done = RemediationReport(found=report(GONE), changes=("create Service kubeflow/ml-pipeline",), left=left)
    ended, out, _ = run(done, "--remediate")
    assert ended == code
    assert "  put back: create Service kubeflow/ml-pipeline\n" in out
    assert out.splitlines()[-1 - len(left.found)].startswith("dev (acme-dev): ")
    assert json.loads(run(done, "--remediate", "--json")[1]) == done.model_dump(mode="json")
