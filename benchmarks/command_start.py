"""How long the command takes to say what it can do, against the start of Python itself."""

from __future__ import annotations

import os
import sys

from benchmarks.local_cloud import COMMAND
from benchmarks.measure import Series
from benchmarks.table import Results


def measure_start(runs: int) -> Results:
    """Measure `mlops-env --help`."""
    help_, bare = Series("mlops-env --help"), Series("python -c pass")
    for _ in range(2 * runs + 1):
        help_.add_command([COMMAND, "--help"], os.environ)
        bare.add_command([sys.executable, "-c", "pass"], os.environ)
    results = Results("Start of the command")
    results.add(help_, bare)
    results.add(bare)
    return results
