"""The rules of the Terraform room that a reader would otherwise check by eye."""

import re
from pathlib import Path
from typing import Any

import pytest

from environment.paths import project_root

ROOT = project_root() / "terraform"
FOLDERS = {folder.name: folder for folder in (ROOT, *sorted((ROOT / "modules").iterdir()))}
SOURCES = sorted(ROOT.rglob("*.tf"))


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_module_has_its_files_in_order_and_described(terraform_docs: Any, folder: str) -> None:
    for name in ("main.tf", "variables.tf", "outputs.tf", "versions.tf", "README.md"):
        assert (FOLDERS[folder] / name).is_file()
    for file in ("variables.tf", "outputs.tf"):
        blocks = terraform_docs.parse((FOLDERS[folder] / file).read_text())
        names = [block.name for block in blocks]
        assert names == sorted(names)
        assert [block.name for block in blocks if not block.description.endswith(".")] == []
        assert [block.name for block in blocks if block.kind == "variable" and "type" not in block.arguments] == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_module_takes_the_google_provider_and_no_other(folder: str) -> None:
    text = "\n".join(path.read_text() for path in FOLDERS[folder].glob("*.tf"))
    assert re.findall(r'source += "([\w-]+/[\w-]+)"', text) == ["hashicorp/google"]
    assert re.findall(r'^ +version += "(.+)"$', text, re.MULTILINE) == [">= 7.0, < 8.0"]
    assert ('provider "google"' in text) == (folder == "terraform")


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_shared_or_secret_or_run_locally(source: Path) -> None:
    text = source.read_text()
    kinds = re.findall(r'^(?:resource|data) "(\w+)"', text, re.MULTILINE)
    forbidden = (
        "_iam_policy",
        "_iam_binding",
        "google_service_account_key",
        "google_sql_user",
        "google_sql_database\n",
    )
    assert [kind for kind in kinds if f"{kind}\n".endswith(forbidden) or kind in forbidden] == []
    assert [kind for kind in kinds if kind.startswith(("google_secret_manager", "google_project_service"))] == []
    assert not re.search(r'local-exec|password *=|"default"', text)
