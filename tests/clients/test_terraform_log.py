"""What stays of Terraform's words: each line of a command for people, nothing of what a program reads."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path

import pytest

from clients import terraform_log
from clients.addresses import Addresses
from clients.terraform import Terraform, ignore
from environment.errors import TerraformError

LINES = 5000
FAKE = f"""\
#!/bin/sh
for word in "$@"; do command=$word; case $word in -*) ;; *) break ;; esac; done
seq -f '{{"type":"log","@message":"line %.0f"}}' 1 {LINES}
[ "$command" = show ] && exit 0
echo '{{"type":"diagnostic","@message":"no","diagnostic":{{"severity":"error","summary":"no","detail":"no quota"}}}}'
exit 1
"""


@pytest.fixture
def terraform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terraform:
    """A Terraform that says much, and fails where it is to change something."""
    binary = tmp_path / "terraform"
    binary.write_text(FAKE)
    binary.chmod(0o755)
    monkeypatch.setattr("clients.terraform.find_terraform", lambda: str(binary))
    return Terraform(tmp_path, Addresses(), logs=tmp_path / "logs")


def test_a_failure_names_the_file_that_has_every_line(terraform: Terraform, tmp_path: Path) -> None:
    with pytest.raises(TerraformError) as failed:
        terraform.apply(ignore)
    (log,) = (tmp_path / "logs").glob("*-apply.log")
    assert str(failed.value).endswith(f"no quota; the full log is {log}")
    said = [json.loads(line)["@message"] for line in log.read_text().splitlines()]
    assert said == [*(f"line {number}" for number in range(1, LINES + 1)), "no"]
    assert stat.S_IMODE(log.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


@pytest.mark.parametrize("fails", ["open", "write"])
def test_a_full_disk_ends_the_log_and_not_the_command(
    fails: str, terraform: Terraform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object, **kwargs: object) -> int:
        if fails == "write":
            return os.open("/dev/full", os.O_WRONLY)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(terraform_log, "partial", lambda *args, **kwargs: full)
    seen: list[str] = []
    with pytest.raises(TerraformError, match="no quota"):
        terraform.apply(lambda event: seen.append(event.message))
    assert len(seen) == LINES + 1


def test_what_a_program_reads_is_written_nowhere(terraform: Terraform, tmp_path: Path) -> None:
    with pytest.raises(json.JSONDecodeError):
        terraform.show_plan()
    assert not (tmp_path / "logs").exists()


def test_the_oldest_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terraform_log, "KEPT", 3)
    for number in range(5):
        with terraform_log.log_file(tmp_path, f"apply-{number}"):
            pass
    assert [log.stem[-7:] for log in sorted(tmp_path.iterdir())] == ["apply-2", "apply-3", "apply-4"]
