"""Check `terraform/`: its format, and that the root module and each module on its own are valid.

`terraform validate` asks the provider for its schemas; here the sandbox's stand-in gives them (they are the real
provider's), so that no registry is needed. Everything happens in a temporary copy.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from clients.terraform import child_environment
from clients.terraform_binary import find_terraform
from environment.errors import TerraformError
from environment.paths import project_root
from sandbox.provider.install import install
from sandbox.provider.preloaded import preloading

ARTEFACTS = shutil.ignore_patterns(".terraform", ".terraform.lock.hcl", "*.tfstate*", "*.tfplan", "*.tfvars*")


def main() -> int:
    """Check everything; return the exit code, 1 when something is wrong."""
    source = project_root() / "terraform"
    try:
        binary = find_terraform()
    except TerraformError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    with tempfile.TemporaryDirectory(prefix="check-terraform-") as folder:
        configuration = install(Path(folder) / "provider")
        copy = Path(shutil.copytree(source, Path(folder) / "terraform", ignore=ARTEFACTS))
        environment = child_environment({**os.environ, "TF_CLI_CONFIG_FILE": str(configuration)})
        terraform = _Terraform(binary, environment)
        sound = terraform.run(source, "fmt", "-check", "-recursive", "-diff")
        other = Path(shutil.copytree(copy, Path(folder) / "existing"))
        for file in (other / "existing").iterdir():
            shutil.copyfile(file, other / file.name)
        with preloading(configuration.parent):
            for module in (copy, other, *sorted((copy / "modules").iterdir())):
                is_ready = terraform.run(module, "init", "-backend=false", "-input=false")
                sound &= is_ready and terraform.run(module, "validate")
    return 0 if sound else 1


class _Terraform:
    def __init__(self, binary: str, environment: dict[str, str]) -> None:
        self._binary = binary
        self._environment = environment

    def run(self, folder: Path, command: str, *flags: str) -> bool:
        """Run a command in a folder; show what it says where it fails."""
        colour = [] if command == "fmt" else ["-no-color"]
        ended = subprocess.run(
            [self._binary, command, *flags, *colour], cwd=folder, env=self._environment, capture_output=True, text=True
        )
        if ended.returncode != 0:
            roots = {"terraform": "terraform/", "existing": "terraform/ with terraform/existing/"}
            where = roots.get(folder.name, f"terraform/modules/{folder.name}")
            sys.stderr.write(f"{where}: terraform {command} failed\n{ended.stdout}{ended.stderr}")
        return ended.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
