import zipfile
from pathlib import Path

from clients.saved_plan import read_states


def test_both_states_are_read_or_none(tmp_path: Path) -> None:
    plan = tmp_path / "a.tfplan"
    with zipfile.ZipFile(plan, "w") as archive:
        archive.writestr("tfstate", "now")
    assert read_states(plan) is None
    with zipfile.ZipFile(plan, "a") as archive:
        archive.writestr("tfstate-prev", "before")
    assert read_states(plan) == ("before", "now")
    plan.write_text("of a later release")
    assert read_states(plan) is None
