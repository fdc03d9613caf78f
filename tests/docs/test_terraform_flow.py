"""The flow of somebody else in docs/prefect.md, run as it stands on a module that needs no cloud."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from environment.paths import project_root

MODULE = """\
variable "project_id" { type = string }
resource "terraform_data" "network" { input = "network of ${var.project_id}" }
output "network" { value = terraform_data.network.output }
output "key" {
  value     = "hidden"
  sensitive = true
}
"""


@pytest.fixture
def their_flow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The documented flow, in a folder with a root module of its own."""
    (code,) = re.findall(r"^```python\n(.*?)^```", (project_root() / "docs/prefect.md").read_text(), re.M | re.S)
    (tmp_path / "theirs.py").write_text(code)
    (tmp_path / "network").mkdir()
    (tmp_path / "network" / "main.tf").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    from theirs import my_network  # type: ignore[import-not-found]

    return my_network


def test_it_applies_once_and_returns_what_is_no_secret_and_its_log_is_kept_with_the_results(
    prefect_server: None, their_flow: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    from prefect.settings import get_current_settings

    results = get_current_settings().results.local_storage_path
    before = set(results.rglob("*.log"))
    outputs = {"network": "network of acme"}
    assert their_flow("network", "acme") == outputs
    assert capsys.readouterr().out == "1 changed\n"
    assert their_flow("network", "acme") == outputs
    assert capsys.readouterr().out == "0 changed\n"
    (log,) = set(results.rglob("*.log")) - before
    assert log.match("terraform-logs/*/*-apply.log")
    assert "terraform_data.network: Creation complete" in log.read_text()
    assert "hidden" not in log.read_text()
