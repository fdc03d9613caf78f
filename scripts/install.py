"""Install the pinned dependencies into the environment of this interpreter, and compile them.

Run by `make install`. A pip uses one processor, so there are several, each with a share of the pins, which are all
that is needed: nothing is resolved. Where one fails, a single pip does it all again, and says what is wrong.
"""

from __future__ import annotations

import compileall
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

LOCK = Path(__file__).resolve().parent.parent / "requirements.lock"
PIP = (sys.executable, "-m", "pip", "install", "--no-compile", "--no-deps")
MOST = 4


def main() -> int:
    """Install; return what pip returned."""
    pins, count = LOCK.read_text().splitlines(), min(os.cpu_count() or 1, MOST)
    # Silent: each would warn of packages that another is just installing.
    shares = [[*PIP, "-qq", *pins[number::count]] for number in range(count)]
    installing = [subprocess.Popen(share, stderr=subprocess.DEVNULL) for share in shares]
    failed = [process for process in installing if process.wait()]
    if failed:
        alone = subprocess.run([*PIP, "--quiet", "--requirement", str(LOCK)])
        if alone.returncode:
            return alone.returncode
    compileall.compile_dir(sysconfig.get_path("purelib"), quiet=2, workers=0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
