"""Run the benchmarks: `python -m benchmarks [--runs N] [--speedup S] [--environments N] [SUBJECT]...`."""

from __future__ import annotations

import argparse
import tempfile
import warnings
from pathlib import Path

from benchmarks.table import console

SUBJECTS = ("start", "create", "latency", "drift", "apply", "many")


def main() -> None:
    """Measure the subjects that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("subjects", nargs="*", choices=SUBJECTS)
    parser.add_argument("--runs", type=int, default=3, help="how often each is done (3)")
    parser.add_argument("--speedup", type=float, default=60, help="what the minutes of real waits are divided by (60)")
    parser.add_argument("--environments", type=int, default=12, help="how many are made at once for many (12)")
    given = parser.parse_args()
    # google.api_core says so of every Python but the newest.
    warnings.filterwarnings("ignore", "You are using a Python version", FutureWarning)
    with tempfile.TemporaryDirectory(prefix="mlops-env-bench-") as folder:
        run(given.subjects or SUBJECTS, given.runs, given.speedup, given.environments, Path(folder))


def run(subjects: tuple[str, ...], runs: int, speedup: float, environments: int, folder: Path) -> None:
    """Measure in the order in which one subject leaves what the next one needs."""
    from benchmarks.apply import measure_apply
    from benchmarks.command_start import measure_start
    from benchmarks.creates import CREATE, measure_creates
    from benchmarks.drift import measure_drift
    from benchmarks.first_create import measure_first_create
    from benchmarks.local_cloud import local_cloud
    from benchmarks.many import measure_many
    from benchmarks.measure import Series

    if "start" in subjects:
        measure_start(runs).print()
    if not set(subjects) - {"start"}:
        return
    with local_cloud(folder) as cloud:
        # Once unmeasured: bytecode, the mirror of the manifests, Prefect's database.
        console.print("Making the environment once, unmeasured\n", style="dim")
        Series("").add_command(CREATE, cloud.variables)
        if "latency" in subjects:
            measure_first_create(cloud, runs, speedup).print()
        if "create" in subjects:
            measure_creates(cloud, runs, folder).print()
        if "drift" in subjects:
            measure_drift(cloud, runs).print()
        if "apply" in subjects:
            for results in measure_apply(cloud, runs, folder):
                results.print()
        if "many" in subjects:
            measure_many(cloud, environments, folder).print()


if __name__ == "__main__":
    main()
