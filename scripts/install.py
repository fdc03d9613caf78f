"""Install the pinned dependencies into the environment of this interpreter, and compile them.

Run by `make install`. A pip uses one processor, so there are as many of them as there are processors, each with a share
of the pins: those are complete, and nothing is resolved.
"""

from __future__ import annotations

import compileall
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

LOCK = Path(__file__).resolve().parent.parent / "requirements.lock"
# Each would warn of packages that another is just installing.
INSTALL = (sys.executable, "-m", "pip", "install", "-qq", "--no-compile", "--no-deps")


def main() -> int:
    """Install; return what the first pip that failed did."""
    pins, count = LOCK.read_text().splitlines(), os.cpu_count() or 1
    shares = filter(None, (pins[number::count] for number in range(count)))
    installing = [subprocess.Popen([*INSTALL, *share]) for share in shares]
    failed = [process.returncode for process in installing if process.wait()]
    if not failed:
        compileall.compile_dir(sysconfig.get_path("purelib"), quiet=2, workers=0)
    return failed[0] if failed else 0


if __name__ == "__main__":
    sys.exit(main())
