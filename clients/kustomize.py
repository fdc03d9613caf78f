"""Kustomize: build our overlay on upstream's manifests, from a mirror on this machine and never from the network.

What a render gives is a function of the overlay, the parameters, the manifests and the program alone, and holds no
secret: it is kept in the user's cache by the hash of those four.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import yaml

from clients.git import INHERITED, git_environment
from clients.kustomize_binary import candidates, find_kustomize
from clients.manifest_mirrors import Mirror, cache_folder
from environment.errors import RenderError
from environment.kustomization import COMPONENTS, generated_files
from environment.pipelines import KustomizeParameters, Rendered, digest_of

TIMEOUT_SECONDS = 100
LONGEST_MESSAGE = 400
NOWHERE = "http://127.0.0.1:9"  # Kustomize tries HTTP where git fails: it is to fail at once
GIT = """#!/bin/sh
# Kustomize updates submodules after every checkout. No manifest is in one, and git's script for it wants more programs
# than a bare machine has.
[ "$1" = submodule ] && exit 0
exec {git} "$@"
"""


def render(parameters: KustomizeParameters, overlay: Path, mirror: Mirror) -> Rendered:
    """Build the manifests.

    Args:
        parameters: What the overlay is told of the environment.
        overlay: The folder `kustomize/`.
        mirror: Where upstream's manifests are read from.

    Raises:
        RenderError: Kustomize's own message, in one line.
    """
    kept = cache_folder() / "renders" / f"{_inputs_digest(parameters, overlay, mirror)}.json"
    manifests = _read(kept)
    if manifests is None:
        manifests = _build(parameters, overlay, mirror)
        _write(kept, manifests)
    digest = digest_of(manifests)
    return Rendered(manifests=tuple(manifests), digest=digest, source=mirror.source, commit=mirror.commit)


def _build(parameters: KustomizeParameters, overlay: Path, mirror: Mirror) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="mlops-env-kustomize-") as temporary:
        folder = Path(temporary).resolve() / "environment"
        folder.mkdir()
        for component in COMPONENTS:
            shutil.copytree(overlay / component, folder / "overlay" / component)
        for name, text in generated_files(parameters, "overlay").items():
            (folder / name).write_text(text)
        printed = _run([*find_kustomize(), str(folder)], _environment(mirror, folder.parent))
    try:
        return [document for document in yaml.load_all(printed, _Loader) if document]
    except yaml.YAMLError as error:
        raise RenderError(f"kustomize printed something that is no YAML: {error}") from error


def _environment(mirror: Mirror, temporary: Path) -> dict[str, str]:
    """Let git read the mirror in GitHub's place and nothing else, and keep temporary checkouts in our folder."""
    variables = git_environment({f"url.{mirror.folder.as_uri()}/.insteadOf": "https://github.com/"}, INHERITED)
    proxies = dict.fromkeys(("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"), NOWHERE)
    ours = {"GIT_ALLOW_PROTOCOL": "file", "TMPDIR": str(temporary), "KUBECONFIG": os.devnull, "KUBERC": "off"}
    path = os.pathsep.join(filter(None, [_git_folder(temporary), os.environ.get("PATH", "")]))
    return variables | proxies | ours | {"PATH": path}


def _git_folder(temporary: Path) -> str:
    """Make a folder with the git that Kustomize is to find first; "" where programs may not run from there."""
    found = shutil.which("git")
    if found is None:
        raise RenderError("git was not found", "install git and put it on PATH")
    program = temporary / "bin" / "git"
    program.parent.mkdir()
    program.write_text(GIT.format(git=shlex.quote(found)))
    program.chmod(0o700)
    return str(program.parent) if os.access(program, os.X_OK) else ""


def _run(command: list[str], variables: dict[str, str]) -> str:
    try:
        done = subprocess.run(
            command,
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RenderError(f"kustomize took longer than {TIMEOUT_SECONDS} s") from error
    except OSError as error:
        raise RenderError(f"{command[0]} does not run: {error}") from error
    if done.returncode:
        raise RenderError(f"kustomize: {_message(done.stderr)}", "the manifests or kustomize/ do not fit together")
    return done.stdout


def _message(stderr: str) -> str:
    """Find Kustomize's error among its warnings; git's, where that is what stopped it."""
    if fatal := re.search(r"fatal: .*", stderr):
        return fatal[0][:LONGEST_MESSAGE]
    lines = [line.strip() for line in stderr.splitlines() if line.strip() and not line.startswith("#")]
    text = re.sub(r"^error:\s*", "", " ".join(lines) or "no message", flags=re.IGNORECASE)
    return text if len(text) <= LONGEST_MESSAGE else f"…{text[-LONGEST_MESSAGE:]}"  # the cause is what comes last


def _inputs_digest(parameters: KustomizeParameters, overlay: Path, mirror: Mirror) -> str:
    inputs = hashlib.sha256(f"{parameters.model_dump_json()}\0{mirror.revision}\0".encode())
    for component in COMPONENTS:
        for path in sorted((overlay / component).rglob("*")):
            if path.is_file():
                inputs.update(f"{path.relative_to(overlay)}\0".encode() + path.read_bytes())
    for binary, _ in candidates():
        status = Path(binary).stat()
        inputs.update(f"\0{binary}\0{status.st_size}\0{status.st_mtime_ns}".encode())
    return inputs.hexdigest()


def _read(kept: Path) -> list[dict[str, Any]] | None:
    try:
        found = json.loads(kept.read_text())
        return found["manifests"] if found["digest"] == digest_of(found["manifests"]) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(kept: Path, manifests: list[dict[str, Any]]) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=kept.parent, delete=False) as file:
        json.dump({"digest": digest_of(manifests), "manifests": manifests}, file)
    Path(file.name).replace(kept)


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast where libyaml is there
