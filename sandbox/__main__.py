"""`python -m sandbox --data-dir DIR`: serve the local Google Cloud in the foreground."""

from __future__ import annotations

import argparse
import fcntl
import logging
import resource
import sys
from pathlib import Path

from sandbox.files import LOCK_FILE


def main() -> int:
    """Serve; 1 when another process serves this folder already."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--latency", choices=("none", "realistic"), default="none")
    parser.add_argument("--speedup", type=float, default=60.0)
    options = parser.parse_args()
    options.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    with (options.data_dir / LOCK_FILE).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print(f"another process serves {options.data_dir}", file=sys.stderr)
            return 1
        from sandbox.server import serve

        _allow_open_files()
        serve(options.data_dir, options.latency, options.speedup)
    return 0


def _allow_open_files() -> None:
    """Take all the open files that the system grants: a cluster holds some sixty, macOS starts with 256."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 8192 if hard == resource.RLIM_INFINITY else min(hard, 8192)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    sys.exit(main())
