"""Install a provider where Terraform looks for it: a filesystem mirror and the configuration file that names it.

Layout of the folder (https://developer.hashicorp.com/terraform/cli/config/config-file#provider-installation):

    terraform.rc                          what TF_CLI_CONFIG_FILE names
    google-provider                       starts the stand-in: asks the preloaded process, else becomes one
    schemas-DIGEST                        the stand-in's answer with all schemas, kept by the first that gave it
    preloaded                             the socket of the process that forks stand-ins, while the sandbox runs
    mirror/registry.terraform.io/hashicorp/google/7.45.0/linux_amd64/terraform-provider-google_v7.45.0

Terraform remembers a hash of the innermost folder in its lock file. So the program there is the same everywhere and
only calls `google-provider`, which alone knows the interpreter and the paths.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

from sandbox.provider import schema

VERSION = "7.45.0"
"""The version of hashicorp/google whose schemas and calls the stand-in reproduces."""
SOURCE = "registry.terraform.io/hashicorp/google"
STARTER = "google-provider"
PROTOBUF = Path(__file__).with_name("protobuf.py")
PROGRAM = f"""#!/bin/sh
exec "${{0%/*}}/{"../" * 6}{STARTER}" "$@"
"""
"""Terraform links this folder into its own, and the kernel follows the link before it goes up."""
PACKAGES = ("sandbox", "grpc", "google.protobuf", "tf", "msgpack", "cryptography", "typing_extensions")
"""What the stand-in imports: their folders are its search path, since it starts without `site`."""
ARCHITECTURES = ("amd64", "arm64")
"""Both, since Terraform may run under emulation and the program does not care."""


def install(folder: Path) -> Path:
    """Install the stand-in; does nothing where it is installed already.

    Returns:
        The configuration file for TF_CLI_CONFIG_FILE.
    """
    kept = _schemas_file(folder)
    for other in folder.glob("schemas-*"):
        if other.name != kept.name:
            other.unlink(missing_ok=True)
    _write(folder / STARTER, _starter(kept), executable=True)
    for package in _packages(folder, VERSION):
        _clear(package, f"terraform-provider-google_v{VERSION}")
        _write(package / f"terraform-provider-google_v{VERSION}", PROGRAM, executable=True)
    return _configure(folder, VERSION)


def install_binary(folder: Path, binary: Path) -> Path:
    """Install a user's own build of the provider, as a link to it.

    Its version is taken from its name where that says one (terraform-provider-google_v7.46.0), else it counts as the
    stand-in's, so that version constraints hold.

    Returns:
        The configuration file for TF_CLI_CONFIG_FILE.

    Raises:
        FileNotFoundError: there is no executable of that name.
    """
    target = binary.expanduser().absolute()
    if not target.is_file() or not os.access(target, os.X_OK):
        raise FileNotFoundError(f"{binary} is no executable file")
    named = re.search(r"_v(\d+\.\d+\.\d+)", target.name)
    version = named.group(1) if named else VERSION
    for package in _packages(folder, version):
        _clear(package, f"terraform-provider-google_v{version}")
        _link(package / f"terraform-provider-google_v{version}", target)
    return _configure(folder, version)


def _packages(folder: Path, version: str) -> list[Path]:
    system = "darwin" if sys.platform == "darwin" else "linux"
    return [folder / "mirror" / SOURCE / version / f"{system}_{architecture}" for architecture in ARCHITECTURES]


def _clear(package: Path, keep: str) -> None:
    """Remove what an earlier installation left in a package: Terraform would hash it too."""
    if package.is_dir():
        for item in package.iterdir():
            if item.name != keep and not item.name.startswith("."):
                item.unlink()


def _configure(folder: Path, version: str) -> Path:
    """Write the configuration file, and leave no other version in the mirror that could be chosen instead."""
    for other in (folder / "mirror" / SOURCE).iterdir():
        if other.name != version:
            shutil.rmtree(other, ignore_errors=True)
    path = json.dumps(str((folder / "mirror").absolute())).replace("${", "$${").replace("%{", "%%{")
    text = (
        f"disable_checkpoint = true\n\nprovider_installation {{\n  filesystem_mirror {{\n    path = {path}\n  }}\n}}\n"
    )
    _write(folder / "terraform.rc", text)
    return folder / "terraform.rc"


def _schemas_file(folder: Path) -> Path:
    """Name the kept answer by what it follows from: the data, and what makes messages of it."""
    sources = (*(schema.DATA / name for name in schema.FILES), Path(schema.__file__), PROTOBUF)
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    return folder.absolute() / f"schemas-{digest}"


def _starter(schemas: Path) -> str:
    """The shell script that becomes Python: isolated, and without `site`, which costs more than our own imports."""
    return f"#!/bin/sh\nexec {shlex.join(_python('starter', 'main', schemas))}\n"


def preloaded_command(folder: Path) -> list[str]:
    """Return the command of the process that forks providers for the starters of a folder."""
    return _python("preloaded", "serve", _schemas_file(folder))


def _python(module: str, function: str, schemas: Path) -> list[str]:
    code = (
        f"import sys; sys.path[:0] = {_search_path()!r}; "
        f"from sandbox.provider.{module} import {function}; {function}({str(schemas.parent)!r}, {str(schemas)!r})"
    )
    return [sys.executable, "-I", "-S", "-c", code]


def _search_path() -> list[str]:
    """The folders that hold the packages, each once."""
    folders: list[str] = []
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            continue
        above = len(name.split(".")) - (0 if spec.submodule_search_locations else 1)
        folder = str(Path(spec.origin).resolve().parents[above])
        if folder not in folders:
            folders.append(folder)
    return folders


def _write(path: Path, text: str, *, executable: bool = False) -> None:
    """Write a file whole or not at all, and only when it differs."""
    mode = 0o755 if executable else 0o644
    if path.is_file() and not path.is_symlink() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _link(path: Path, target: Path) -> None:
    if path.is_symlink() and path.readlink() == target:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.parent / f".{path.name}.{os.getpid()}"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(path)
