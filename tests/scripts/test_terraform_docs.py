"""The tables in the modules' READMEs."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from environment.paths import project_root

SCRIPT = project_root() / "scripts" / "terraform_docs.py"
VARIABLES = """# A comment.

variable "nodes" {
  description = "The \\"pool\\": a | b (in GiB"
  type = object({
    account = string
    size    = optional(number, 100)
  })
  nullable = false

  validation {
    condition     = var.nodes.size > 1
    error_message = "size must be more."
  }
}

variable "zone" {
  description = "The zone."
  type        = string
  default     = null
}
"""
OUTPUTS = """output "id" {
  description = "The id."
  value = {
    id = "x"
  }
}
"""


@pytest.fixture(scope="module")
def docs() -> ModuleType:
    found = importlib.util.spec_from_file_location("terraform_docs", SCRIPT)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module  # dataclasses look their own module up there
    found.loader.exec_module(module)
    return module


@pytest.fixture
def module_folder(docs: ModuleType, tmp_path: Path) -> Path:
    (tmp_path / "variables.tf").write_text(VARIABLES)
    (tmp_path / "outputs.tf").write_text(OUTPUTS)
    (tmp_path / "README.md").write_text(f"# m\n\n{docs.BEGIN}\n{docs.END}\nAfter.\n")
    return tmp_path


def test_the_readmes_are_current() -> None:
    ended = subprocess.run([sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_blocks_are_read_with_their_arguments(docs: ModuleType) -> None:
    nodes, zone = docs.parse(VARIABLES)
    assert (nodes.kind, nodes.name, nodes.description) == ("variable", "nodes", 'The "pool": a | b (in GiB')
    assert docs.one_line(nodes.arguments["type"]) == "object({account = string, size = optional(number, 100)})"
    assert (zone.arguments["type"], zone.arguments["default"]) == ("string", "null")


def test_the_tables_stand_between_the_marks(docs: ModuleType, module_folder: Path) -> None:
    text = docs.updated(module_folder)
    assert text.startswith(f"# m\n\n{docs.BEGIN}\n\n## Inputs\n")
    assert text.endswith(f"{docs.END}\nAfter.\n")
    assert '| `nodes` | The "pool": a \\| b (in GiB | `object({' in text
    assert "| `zone` | The zone. | `string` | `null` |" in text
    assert "| `id` | The id. |" in text


def test_writing_twice_changes_nothing(docs: ModuleType, module_folder: Path) -> None:
    once = docs.updated(module_folder)
    (module_folder / "README.md").write_text(once)
    assert docs.updated(module_folder) == once


def test_a_readme_without_a_place_is_named(docs: ModuleType, module_folder: Path) -> None:
    (module_folder / "README.md").write_text("# m\n")
    with pytest.raises(ValueError, match="has no place for the tables"):
        docs.updated(module_folder)
