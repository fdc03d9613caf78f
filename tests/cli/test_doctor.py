"""The command: what it prints and its exit code; the checks themselves are tested where they are made."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any


def run(sandbox: Any, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "from cli.main import main; main()",
            "doctor",
            "staging",
            "--cloud",
            "sandbox",
            *arguments,
        ],
        env=sandbox.process_environment(MLOPS_ENV_GIT_MIRROR=sandbox.variables["MLOPS_ENV_GIT_MIRROR_FALLBACK"]),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_findings_are_printed_with_their_fixes_and_the_exit_code_is_1(sandbox) -> None:
    sandbox.control("POST", "project", {"project_id": "acme-mlops-staging", "billing": False})
    ended = run(sandbox)
    sandbox.control("POST", "project", {"project_id": "acme-mlops-staging", "billing": True})
    assert ended.returncode == 1
    assert "staging (acme-mlops-staging): 1 finding" in ended.stdout
    assert "billing: project acme-mlops-staging: no active billing account pays for it" in ended.stdout
    assert "fix: gcloud billing projects link acme-mlops-staging --billing-account=ACCOUNT" in ended.stdout
    assert "3 to 9 nodes, 3 to 9 disks with 300 to 900 GiB" in ended.stdout


def test_json_is_one_document_and_nothing_in_the_way_is_0(sandbox) -> None:
    ended = run(sandbox, "--json")
    assert ended.returncode == 0, ended.stderr
    report = json.loads(ended.stdout)
    assert report["findings"] == []
    assert report["project_id"] == "acme-mlops-staging"
