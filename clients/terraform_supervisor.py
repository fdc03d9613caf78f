"""Stand between us and Terraform, so that Terraform ends well however we end.

A run that is killed cannot tell Terraform to stop, and one whose output nobody reads any more dies in mid-write: what
it made is in no state, and its lock stays. So this small process starts Terraform, passes its output on, and
outlives us. When its standard input ends, since we closed it or are no more, Terraform gets one SIGINT: it then
finishes the calls that are under way, writes its state and releases its lock. After GRACE_SECONDS it is killed.

Run as `python -IS terraform_supervisor.py PROGRAM ARGUMENT…`, in a session of its own. Standard library only: it is to
start at once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

GRACE_SECONDS = 120.0
_CHUNK = 65536


def supervise(command: list[str], watched: int, output: int, grace_seconds: float = GRACE_SECONDS) -> int:
    """Run a command until it ends; return its exit code as a shell would.

    Args:
        command: Program and arguments.
        watched: File descriptor; when it ends, the command is interrupted.
        output: File descriptor that gets what the command prints, as long as somebody reads it.
        grace_seconds: How long the command may take to end once it was interrupted.
    """
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def interrupt_at_end() -> None:
        while os.read(watched, 1):
            pass
        process.send_signal(signal.SIGINT)
        try:
            process.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            process.kill()

    threading.Thread(target=interrupt_at_end, daemon=True).start()
    assert process.stdout is not None
    with process.stdout as printed:
        _pass_on(printed.fileno(), output)
    code = process.wait()
    return code if code >= 0 else 128 - code


def _pass_on(source: int, target: int) -> None:
    """Copy until the source ends; when nobody reads the copy any more, go on reading, so that the writer goes on."""
    is_read = True
    while chunk := os.read(source, _CHUNK):
        while is_read and chunk:
            try:
                chunk = chunk[os.write(target, chunk) :]
            except BrokenPipeError:
                is_read = False


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Our input tells when to end. A handler, since Terraform would inherit that a signal is ignored.
        signal.signal(number, lambda *_: None)
    sys.exit(supervise(sys.argv[1:], 0, 1))
