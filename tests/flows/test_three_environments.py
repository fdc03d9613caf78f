"""Dev, staging and prod, as shipped, made at once in one sandbox by one command."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long
COMMAND = str(Path(sys.executable).parent / "mlops-env")
ENVIRONMENTS = ("dev", "staging", "prod")


def run(sandbox, api_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    variables = sandbox.process_environment(PREFECT_API_URL=api_url)
    return subprocess.run([COMMAND, *arguments], env=variables, capture_output=True, text=True, timeout=400)


@pytest.fixture(scope="module")
def created(sandbox, prefect_server):
    """Prefect's server, and what the one command printed."""
    from prefect.settings import PREFECT_API_URL

    api_url = str(PREFECT_API_URL.value())
    return api_url, run(sandbox, api_url, "create", "--all", "--cloud", "sandbox", "--yes")


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_each_is_ready_and_its_state_holds_only_its_project(created, sandbox, name: str) -> None:
    api_url, made = created
    assert made.returncode == 0, made.stderr
    assert "Traceback" not in made.stderr
    assert "Warning" not in made.stderr
    assert re.search(rf"^{name} +done +\d+ +\d+ *$", made.stdout, re.MULTILINE)
    assert f"  {name}: Planned: " in made.stderr
    status = json.loads(run(sandbox, api_url, "status", name, "--cloud", "sandbox", "--json").stdout)
    assert status["state"] == "ready"
    bucket = f"acme-mlops-{name}-tfstate"
    path = f"storage.googleapis.com/storage/v1/b/{bucket}/o/mlops-env%2F{name}%2Fdefault.tfstate?alt=media"
    state = sandbox.call("GET", path).text
    assert json.loads(state)["resources"]
    assert f"acme-mlops-{name}" in state
    for other in set(ENVIRONMENTS) - {name}:
        assert f"acme-mlops-{other}" not in state
