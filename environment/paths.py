"""Where the project's own files are: `terraform/`, `kustomize/`, `deployments/`. The one function that knows."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

ROOMS = ("terraform", "kustomize", "deployments")


@cache
def project_root() -> Path:
    """Return the folder that holds ROOMS: the checkout (editable install), or the wheel's shared data.

    Raises:
        FileNotFoundError: When neither holds them, which means a broken installation.
    """
    candidates = (Path(__file__).resolve().parent.parent, Path(sys.prefix) / "share" / "mlops-env")
    for candidate in candidates:
        if all((candidate / room).is_dir() for room in ROOMS):
            return candidate
    raise FileNotFoundError(f"{', '.join(ROOMS)} are in none of {', '.join(map(str, candidates))}: reinstall mlops-env")
