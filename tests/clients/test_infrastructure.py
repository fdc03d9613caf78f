"""Where plans are made that nobody applies: what one reads is not another's."""

from __future__ import annotations

from pathlib import Path

import pytest

from clients.addresses import Addresses
from clients.infrastructure import plans_folder, prepare_plans
from environment.spec_file import load_environment


def test_plans_that_differ_in_their_modules_have_folders_of_their_own() -> None:
    applied, database = Path("/state/dev-0"), "database.existing={instance: mysql}"
    specs = [load_environment("dev", given) for given in ((), (database,), ("cluster.max_nodes=9",))]
    assert [plans_folder(applied, spec).name for spec in specs] == [
        "dev-0.plans",
        "dev-0.plans-database",
        "dev-0.plans",
    ]
    assert plans_folder(applied, specs[0], has_imports=True).name == "dev-0.adoption"


def test_before_the_first_plan_there_is_nothing_to_prepare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who looks for drift where nothing was made is told so, and waits for no provider to be fetched."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert prepare_plans(load_environment("dev"), Addresses.from_environment()) is False
    assert [*tmp_path.rglob("*")] == []
