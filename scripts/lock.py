"""Resolve the dependencies of pyproject.toml anew and write requirements.lock, which plain pip reads.

The lock carries names and versions only, with the markers that pyproject.toml gives: no index addresses, no paths.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Install into a fresh virtual environment and write down what pip chose."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        pip = [str(Path(folder) / "bin" / "pip")]
        subprocess.run([*pip, "install", "--quiet", "--upgrade", "setuptools"], check=True)
        subprocess.run([*pip, "install", "--quiet", f"{ROOT}[dev]"], check=True)
        frozen = subprocess.run([*pip, "freeze", "--all"], check=True, capture_output=True, text=True).stdout
    left_out = ("pip==", "mlops-env", "mlops_env")
    markers = _markers()
    pins = [
        line + markers.get(line.partition("==")[0].lower(), "")
        for line in frozen.splitlines()
        if "==" in line and not line.startswith(left_out)
    ]
    (ROOT / "requirements.lock").write_text("\n".join(sorted(pins, key=str.lower)) + "\n")
    print(f"requirements.lock: {len(pins)} pins", file=sys.stderr)


def _markers() -> dict[str, str]:
    """Return "; MARKER" by name for the dependencies that are not wanted everywhere."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    parts = (dependency.partition(";") for dependency in project["dependencies"])
    return {re.split(r"[<>=!~\[ ]", name)[0].lower(): f"; {marker.strip()}" for name, _, marker in parts if marker}


if __name__ == "__main__":
    main()
