"""A wheel carries the rooms that are not Python, so that an installation without a checkout works."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from environment.paths import ROOMS, project_root


def test_a_wheel_carries_every_file_of_the_rooms(tmp_path: Path) -> None:
    source = tmp_path / "source"
    subprocess.run(["git", "clone", "--quiet", str(project_root()), str(source)], check=True)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", str(tmp_path), str(source)], check=True)
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    listed = subprocess.run(["git", "ls-files", *ROOMS], cwd=source, check=True, capture_output=True, text=True)
    shipped = {name.partition("/share/mlops-env/")[2] for name in names}
    assert [name for name in listed.stdout.split() if name not in shipped] == []
    assert "prefect.yaml" in shipped  # `mlops-env register` takes it where there is no other
    assert {"sandbox/data/google_provider_schema.json", "sandbox/data/kubernetes/definitions.json"} <= set(names)
    assert any(name.startswith("sandbox/manifests/github.com/kubeflow") for name in names)
