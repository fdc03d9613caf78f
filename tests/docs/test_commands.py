"""The commands that README.md and docs/sandbox.md show, run as they stand on what `make sandbox` makes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from environment.paths import project_root

README, SANDBOX = "README.md", "docs/sandbox.md"
Blocks = Callable[..., list[str]]
Shell = Callable[[str], str]


@pytest.fixture(scope="module")
def created(shell: Shell) -> str:
    """What `make sandbox` prints, after the installation."""
    makefile = (project_root() / "Makefile").read_text()
    recipe = re.search(r"^sandbox:.*\n\t@\$\(BIN\)/(.+)$", makefile, re.MULTILINE)
    assert recipe is not None
    return shell(recipe[1])


def test_make_sandbox_ends_with_a_summary_and_the_address(created: str) -> None:
    assert re.search(r"^sandbox: changed \d+ in \d+ s$", created, re.MULTILINE)
    assert re.search(r"^  UI +https://\S+$", created, re.MULTILINE)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("mlops-env status", r"^sandbox \(mlops-sandbox\): ready$"),
        ("mlops-env status", r'^  "state": "ready"$'),
        ("mlops-env status", r"^  cluster sandbox-cluster of mlops-sandbox at 127\.0\.0\.1:\d+$"),
        ("kubectl", r"^ml-pipeline +1/1 "),
        ("gcloud", r"^container\.googleapis\.com "),
        ("gcloud", r"^sandbox-cluster +us-central1-a .* RUNNING$"),
        ("gcloud", r"^gs://mlops-sandbox-tfstate/$"),
        ("terraform plan", r"No changes\."),
    ],
)
def test_looking_around(created: str, shell: Shell, tested_blocks: Blocks, word: str, expected: str) -> None:
    assert re.search(expected, printed(shell, tested_blocks(README, word)), re.MULTILINE)


def test_the_schema_is_for_an_editor(created: str, shell: Shell, tested_blocks: Blocks) -> None:
    block = only(tested_blocks(README, "mlops-env schema"))
    schema = json.loads(shell(f'{block}cat "$TMPDIR/mlops-env.schema.json"'))
    assert "name_prefix" in schema["properties"]


def test_control_routes_and_a_plan_of_what_drifted(created: str, shell: Shell, tested_blocks: Blocks) -> None:
    blocks = tested_blocks(SANDBOX)
    assert len(blocks) == 15
    said = shell("".join(blocks))
    assert '"status":"ok"' in said
    assert "sha256:" in said
    assert said.count('"changed":') == 4
    plan = re.sub(r"\x1b\[[\d;]*m", "", shell(only(tested_blocks(README, "terraform plan"))))
    assert "Plan: 2 to add, 1 to change, 0 to destroy." in plan


def only(blocks: list[str]) -> str:
    assert len(blocks) == 1
    return blocks[0]


_printed: dict[str, str] = {}


def printed(shell: Shell, blocks: list[str]) -> str:
    """Return what the one block prints, run once for all that is expected of it."""
    block = only(blocks)
    if block not in _printed:
        _printed[block] = shell(block)
    return _printed[block]
