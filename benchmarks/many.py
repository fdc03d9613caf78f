"""Many first creates at once from a process pool of Prefect's, against one alone, and the memory of its server."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import yaml

from benchmarks.local_cloud import LocalCloud
from benchmarks.measure import Sample, Series
from benchmarks.table import Results
from benchmarks.team import Team, prefect_team
from environment.spec_file import find_spec

AT_A_TIME = 4
"""What docs/prefect.md gives a worker on one machine: more would only wait for each other, and for Prefect's SQLite."""
LONGEST_SECONDS = 600.0
"""For each environment, on a machine that does nothing else."""


def measure_many(cloud: LocalCloud, count: int, folder: Path) -> Results:
    """Measure without latency: of hastened rollouts the deadlines are too short for a machine that is full."""
    alone, each = Series("one alone"), Series(f"{count} at once, for each")
    whole = Series(f"{count} at once, until all are done")
    specs = _write_specs(folder / "specs", count + 1)
    cloud.control("POST", "reset")
    with prefect_team(folder / "team", cloud.variables, limit=AT_A_TIME) as team:
        idle, _ = team.server_mib()
        alone.samples.append(Sample(_wall(team, specs[:1])))
        after_one, _ = team.server_mib()
        whole.samples.append(Sample(_wall(team, specs[1:])))
        now, most = team.server_mib()
    each.samples.append(Sample(whole.median / count))
    results = Results(f"First creates started at once, {AT_A_TIME} at a time by a process pool")
    results.add(each, alone)
    results.add(whole, alone)
    results.add(alone)
    results.note(
        f"Prefect's server, RSS: {idle:.0f} MiB idle, {after_one:.0f} MiB after one, {now:.0f} MiB after all, "
        f"{most:.0f} MiB at most"
    )
    return results


def _wall(team: Team, specs: Sequence[Path]) -> float:
    began = time.monotonic()
    team.create(specs, LONGEST_SECONDS * len(specs))
    return time.monotonic() - began


def _write_specs(folder: Path, count: int) -> list[Path]:
    """Write specs like the sandbox's, each with a project of its own."""
    folder.mkdir()
    fields = yaml.safe_load(find_spec("sandbox").read_text())
    paths = []
    for number in range(count):
        name = f"many-{number}"
        mine = {"name": name, "project_id": f"benchmark-{name}", "name_prefix": name}
        paths.append(folder / f"{name}.yaml")
        paths[-1].write_text(yaml.safe_dump(fields | mine | {"state": {"bucket": f"benchmark-{name}-tfstate"}}))
    return paths
