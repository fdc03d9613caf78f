"""Machine types: what a name says about processors and memory.

Source: https://cloud.google.com/compute/docs/machine-resource
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_STANDARD = (2, 4, 8, 16, 32, 48, 64, 80, 96, 128)
_GIB_PER_CPU = {"standard": 4.0, "highmem": 8.0, "highcpu": 1.0}
_SHAPES: dict[str, tuple[dict[str, float], tuple[int, ...]]] = {
    "e2": ({"standard": 4.0, "highmem": 8.0, "highcpu": 1.0}, (2, 4, 8, 16, 32)),
    "n1": ({"standard": 3.75, "highmem": 6.5, "highcpu": 0.9}, (1, 2, 4, 8, 16, 32, 64, 96)),
    "n2": (_GIB_PER_CPU, _STANDARD),
    "n2d": (_GIB_PER_CPU, (2, 4, 8, 16, 32, 48, 64, 80, 96, 128, 224)),
    "n4": ({"standard": 4.0, "highmem": 8.0, "highcpu": 2.0}, (2, 4, 8, 16, 32, 48, 64, 80)),
    "c2": ({"standard": 4.0}, (4, 8, 16, 30, 60)),
    "c2d": ({"standard": 4.0, "highmem": 8.0, "highcpu": 2.0}, (2, 4, 8, 16, 32, 56, 112)),
    "c3": ({"standard": 4.0, "highmem": 8.0, "highcpu": 2.0}, (4, 8, 22, 44, 88, 176)),
    "t2d": ({"standard": 4.0}, (1, 2, 4, 8, 16, 32, 48, 60)),
    "g2": ({"standard": 4.0}, (4, 8, 12, 16, 24, 32, 48, 96)),
}
_ODD = {
    "e2-micro": (2, 1.0),
    "e2-small": (2, 2.0),
    "e2-medium": (2, 4.0),
    "f1-micro": (1, 0.6),
    "g1-small": (1, 1.7),
    "a2-highgpu-1g": (12, 85.0),
    "a2-highgpu-2g": (24, 170.0),
    "a2-highgpu-4g": (48, 340.0),
    "a2-highgpu-8g": (96, 680.0),
    "a3-highgpu-8g": (208, 1872.0),
}
_CUSTOM = re.compile(r"(?:(?:e2|n2|n2d|n4)-)?custom-(\d+)-(\d+)(?:-ext)?")


@dataclass(frozen=True)
class MachineType:
    """One machine type."""

    name: str
    cpus: int
    memory_mib: int


def machine_type(name: str) -> MachineType | None:
    """Return a predefined or custom machine type, None where there is none of that name."""
    if match := _CUSTOM.fullmatch(name):
        return MachineType(name, int(match[1]), int(match[2]))
    return _PREDEFINED.get(name)


def machine_types() -> list[MachineType]:
    """Return all predefined ones, by name."""
    return sorted(_PREDEFINED.values(), key=lambda one: one.name)


def _predefined() -> dict[str, MachineType]:
    found = {name: MachineType(name, cpus, int(gib * 1024)) for name, (cpus, gib) in _ODD.items()}
    for family, (kinds, sizes) in _SHAPES.items():
        for kind, gib in kinds.items():
            for cpus in sizes:
                name = f"{family}-{kind}-{cpus}"
                found[name] = MachineType(name, cpus, int(cpus * gib * 1024))
    return found


_PREDEFINED = _predefined()
