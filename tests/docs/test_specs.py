"""Examples of specs in the README are specs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from environment.paths import project_root
from environment.roles import role_defaults
from environment.spec import Environment
from environment.spec_file import load_environment

README = (project_root() / "README.md").read_text()
EXAMPLES = [re.sub(r"^ +", "", text, flags=re.M) for text in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)]
TABLE = README.split("## The spec")[1].split("## ")[0]


def test_there_is_one() -> None:
    assert len(EXAMPLES) == 1


@pytest.mark.parametrize("example", EXAMPLES)
def test_it_is_valid(example: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(example)
    spec = load_environment(str(path))
    assert (spec.name, spec.role, spec.cloud) == ("mine", "dev", "google")


def test_it_differs_from_dev_in_four_lines_and_the_labels() -> None:
    dev = [line for line in (project_root() / "deployments" / "dev.yaml").read_text().splitlines() if line[0] != "#"]
    changed = set(EXAMPLES[0].splitlines()) - set(dev)
    assert sorted(line.split(":")[0] for line in changed) == ["name", "name_prefix", "project_id", "state"]


@pytest.mark.parametrize("field", sorted(Environment.model_fields))
def test_the_table_names_every_field(field: str) -> None:
    assert re.search(rf"`{field}[`.]", TABLE)


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("cluster.machine_type", ("cluster", "machine_type")),
        ("database.tier", ("database", "tier")),
        ("pipelines.rollout_timeout_seconds", ("pipelines", "rollout_timeout_seconds")),
    ],
)
def test_the_tables_defaults_are_the_roles(row: str, field: tuple[str, str]) -> None:
    line = next(line for line in TABLE.splitlines() if f"`{row}`" in line)
    assert str(role_defaults("dev")[field[0]][field[1]]) in line
    assert str(role_defaults("prod")[field[0]][field[1]]).removeprefix("e2-standard") in line
