"""What a `terraform init` depends on and leaves, as one digest: while it is the same, another would change nothing.

Modules are local, so the configuration's own files stand for them; providers are named by the lock file, and by what
is in place, since a user may empty a cache that it links to.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

DATA = ".terraform"


def initialisation_digest(folder: Path, binary: str, backend: Mapping[str, str], variables: Mapping[str, str]) -> str:
    """Return the digest of an initialised folder.

    Args:
        folder: The working folder.
        binary: Terraform's path.
        backend: The backend's configuration.
        variables: The environment that Terraform gets: the file of its own configuration may name other providers.
    """
    configuration = variables.get("TF_CLI_CONFIG_FILE", "")
    parts = [json.dumps(dict(backend), sort_keys=True), _status(Path(binary)), configuration]
    parts += [variables.get("TF_REATTACH_PROVIDERS", ""), variables.get("TF_PLUGIN_CACHE_DIR", "")]
    parts += _contents(Path(configuration)) if configuration else ()
    for path in sorted(folder.rglob("*.tf")):
        if DATA not in path.relative_to(folder).parts:
            parts += (str(path.relative_to(folder)), *_contents(path))
    for name in (".terraform.lock.hcl", f"{DATA}/terraform.tfstate", f"{DATA}/modules/modules.json"):
        parts += (name, *_contents(folder / name))
    parts += _providers(folder / DATA / "providers")
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _contents(path: Path) -> tuple[str, ...]:
    return (hashlib.sha256(path.read_bytes()).hexdigest(),) if path.is_file() else ()


def _status(path: Path) -> str:
    try:
        status = path.stat()
    except OSError:
        return f"{path} is missing"
    return f"{path} {status.st_size} {status.st_mtime_ns}"


def _providers(folder: Path) -> Iterator[str]:
    """Name the programs in HOST/NAMESPACE/TYPE/VERSION/PLATFORM, which may be a link into a mirror or a cache."""
    for platform in sorted(folder.glob("*/*/*/*/*")):
        yield str(platform)
        yield from (_status(program) for program in sorted(platform.glob("*")))
