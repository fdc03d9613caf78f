"""The pages' commands, as a reader would run them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from environment.paths import project_root
from sandbox import lifecycle

TESTED = re.compile(r"^<!-- tested -->\n```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
BEYOND_A_BARE_MACHINE = ("gcloud", "curl")
POINTING_SOMEWHERE = ("MLOPS_ENV_", "GOOGLE_", "TF_", "KUBE", "PREFECT_API")
Shell = Callable[[str], str]


@pytest.fixture(scope="session")
def tested_blocks() -> Callable[[str], list[str]]:
    """Returns the blocks of a page that are marked as tested, in order; skips where one's program is missing."""

    def find(page: str, word: str = "") -> list[str]:
        found = [block for block in TESTED.findall((project_root() / page).read_text()) if word in block]
        for program in BEYOND_A_BARE_MACHINE:
            if any(re.search(rf"\b{program} ", block) for block in found) and shutil.which(program) is None:
                pytest.skip(f"{program} is not on this machine")
        return found

    return find


@pytest.fixture(scope="session")
def shell(tmp_path_factory: pytest.TempPathFactory, prefect_server: None) -> Iterator[Shell]:
    """Runs a script in the checkout, with .venv active, a sandbox of its own and the tests' Prefect server."""
    if shutil.which("bash") is None:
        pytest.skip("bash is not on this machine: the pages' commands are for it")
    from prefect.settings import PREFECT_API_URL

    folder = tmp_path_factory.mktemp("reader")
    variables = readers_environment(folder) | {"PREFECT_API_URL": str(PREFECT_API_URL.value())}

    def run(script: str) -> str:
        ended = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=project_root(),
            env=variables,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert ended.returncode == 0, f"{script}\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}"
        return ended.stdout + ended.stderr

    yield run
    lifecycle.stop(folder / "sandbox")


def readers_environment(folder: Path) -> dict[str, str]:
    """Return variables of a shell in which nothing points anywhere yet, and which keeps everything in a folder."""
    installed, programs = Path(sys.executable).parent, folder / "bin"
    programs.mkdir()
    if shutil.which("terraform") is None:
        (programs / "terraform").symlink_to(installed / "mlops-env-terraform")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(POINTING_SOMEWHERE)}
    return kept | {
        "PATH": os.pathsep.join(map(str, (installed, programs, os.environ["PATH"]))),
        "MLOPS_ENV_SANDBOX_DIR": str(folder / "sandbox"),
        "MLOPS_ENV_GIT_MIRROR": str(project_root() / "sandbox" / "manifests"),
        "XDG_STATE_HOME": str(folder / "state"),
        "TMPDIR": str(folder),
        "COLUMNS": "200",
    }
