"""The supervisor's promise: its command ends softly when whoever started it is gone, and never for want of a reader."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

from clients import terraform_supervisor
from clients.terraform_supervisor import supervise

RUN = [sys.executable, "-IS", terraform_supervisor.__file__]
WORKS = """
import signal, sys, time
from pathlib import Path
def end(*_):
    print("writing state", flush=True)
    Path(sys.argv[1]).write_text("state written")
    sys.exit(1)
signal.signal(signal.SIGINT, end)
print("at work", flush=True)
while True:
    print("x" * 1000, flush=True)
    time.sleep(0.01)
"""


def started(file: Path) -> subprocess.Popen[str]:
    command = [*RUN, sys.executable, "-c", WORKS, str(file)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "at work\n"
    return process


def test_output_and_exit_code_pass_through() -> None:
    code = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)"
    command = [*RUN, sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        assert (process.wait(), sorted(said.split())) == (7, [b"err", b"out"])


def test_when_its_input_ends_the_command_may_end_well(tmp_path: Path) -> None:
    process = started(tmp_path / "file")
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        assert "writing state" in process.stdout.read()
    assert process.returncode == 1
    assert (tmp_path / "file").read_text() == "state written"


def test_signals_to_the_supervisor_leave_the_command_alone(tmp_path: Path) -> None:
    process = started(tmp_path / "file")
    with process:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            process.send_signal(number)
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.poll() is None
        process.stdin.close()
        process.stdout.read()
    assert (tmp_path / "file").read_text() == "state written"


def test_a_killed_parent_leaves_no_command_behind_and_a_written_state(tmp_path: Path) -> None:
    parent = (
        "import subprocess, sys\n"
        "p = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)\n"
        "p.stdout.readline(); print(p.pid, flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", parent, *RUN, sys.executable, "-c", WORKS, str(tmp_path / "file")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        supervisor = os.pidfd_open(int(process.stdout.readline()))
        process.kill()
    assert select.select([supervisor], [], [], 20)[0], "the supervisor is still there"
    os.close(supervisor)
    assert (tmp_path / "file").read_text() == "state written"


def test_a_command_that_will_not_end_is_killed() -> None:
    reader, writer = os.pipe()
    os.close(writer)
    output = os.open(os.devnull, os.O_WRONLY)
    code = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); time.sleep(60)"
    assert supervise([sys.executable, "-c", code], reader, output, grace_seconds=0.5) in (128 + signal.SIGKILL, 1, 130)
    os.close(reader)
    os.close(output)
