"""The tables in docs/existing-resources.md."""

import importlib.util
import subprocess
import sys
from types import ModuleType

import pytest

from environment.existing_requirements import REQUIREMENTS, Requirement
from environment.paths import project_root

SCRIPT = project_root() / "scripts" / "existing_docs.py"


@pytest.fixture(scope="module")
def docs() -> ModuleType:
    found = importlib.util.spec_from_file_location("existing_docs", SCRIPT)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_page_is_current_and_names_every_check(docs: ModuleType) -> None:
    ended = subprocess.run([sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
    page = docs.PAGE.read_text(encoding="utf-8")
    assert [one.check for one in REQUIREMENTS if f"| `{one.check}` |" not in page] == []


def test_a_row_has_placeholders_for_names(docs: ModuleType) -> None:
    one = Requirement("a-check", "network", "It is so", "gcloud do {network} --to={region}", "it matters")
    assert docs.table([one]).splitlines()[-1] == (
        "| `a-check` | It is so (where it matters) | `gcloud do NETWORK --to=REGION` |"
    )


def test_a_page_without_a_place_is_said(docs: ModuleType) -> None:
    with pytest.raises(ValueError, match="no place for the table of network"):
        docs.updated("# A page")
