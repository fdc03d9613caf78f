"""The programs that a run needs on this machine, and their versions."""

from __future__ import annotations

import re
import shutil
import subprocess

from clients import kustomize_binary, terraform_binary
from environment.doctor import Looked
from environment.errors import MlopsEnvError
from environment.findings import Finding


def look_at_tools() -> Looked:
    """Look whether all programs are there and new enough."""
    findings = []
    for name, find in (("terraform", terraform_binary.find_terraform), ("kustomize", kustomize_binary.find_kustomize)):
        try:
            find()
        except MlopsEnvError as error:
            findings.append(Finding(check="tools", subject=name, problem=error.message, fix=error.hint))
    if shutil.which("git") is None:
        findings.append(Finding(check="tools", subject="git", problem="was not found", fix="install git"))
    return Looked(findings=tuple(findings))


def read_tools() -> dict[str, str]:
    """Return the versions of the programs that there are."""
    found = {"terraform": terraform_binary.found_version(), "kustomize": kustomize_binary.found_version()}
    return {name: version for name, version in (*found.items(), ("git", _git_version())) if version}


def _git_version() -> str:
    try:
        said = subprocess.run(["git", "--version"], capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
    found = re.search(r"\d+(\.\d+)+", said)
    return found[0] if found else ""
