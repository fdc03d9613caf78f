"""The first create where things take as long as they really do, in proportion, against its critical path."""

from __future__ import annotations

from statistics import median

from benchmarks.creates import CREATE, prefect_start
from benchmarks.critical_path import critical_path
from benchmarks.local_cloud import LocalCloud
from benchmarks.measure import Sample, Series
from benchmarks.table import Results


def measure_first_create(cloud: LocalCloud, runs: int, speedup: float) -> Results:
    """Measure creates from nothing under realistic latency."""
    create, waits = Series(f"first create, realistic, 1/{speedup:g}"), Series("longest chain of waits")
    cloud.control("POST", "latency", {"profile": "realistic", "speedup": speedup})
    try:
        for _ in range(runs):
            cloud.control("POST", "reset")
            create.add_command(CREATE, cloud.variables)
            chain = critical_path(cloud)
            waits.samples.append(Sample(sum(wait.seconds for wait in chain)))
    finally:
        cloud.control("POST", "latency", {"profile": "none"})
    prefect = prefect_start(cloud, runs)
    pairs = list(zip(create.samples, waits.samples, strict=True))
    results = Results("First create, with latency")
    results.add_ratio(create, f"{median(made.wall / wait.wall for made, wait in pairs):.2f}", waits.name)
    without = median((made.wall - prefect.median) / wait.wall for made, wait in pairs)
    results.add_ratio(prefect, f"{without:.2f}", "first create without it")
    results.add(waits)
    results.note("the chain of the last run, in seconds here:")
    for wait in chain:
        if wait.seconds >= 0.05:
            results.note(f"  {wait.seconds:6.2f}  {wait.name}")
    return results
