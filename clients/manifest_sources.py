"""Where manifests come from: GitHub, a folder of git repositories, or a folder of plain files laid out like GitHub."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from clients.git import git
from environment.errors import RenderError
from environment.upstream import SUBTREE, Release

GITHUB = "https://github.com"
FETCH_SECONDS = 180  # of a source that answers; a connection that stalls ends after ten (clients/git.py)


@dataclass(frozen=True)
class Checkout:
    """A release's files: `commit` is empty where they have no history."""

    folder: Path
    commit: str = ""


class Source(Protocol):
    """Something that has releases."""

    @property
    def name(self) -> str:
        """What a run calls it."""

    def key(self, release: Release) -> str:
        """Name the part of the cache that may hold what this source gives for a release."""

    def checkout(self, release: Release, folder: Path) -> Checkout:
        """Bring the manifests of a release into a new folder, or say in which they are."""


@dataclass(frozen=True)
class GitHub:
    """Repositories at an address: GitHub's own."""

    address: str
    probe_seconds: float
    name: str = "GitHub"

    def key(self, release: Release) -> str:
        """Tags of a release do not move: what is here stays good."""
        return "github"

    def checkout(self, release: Release, folder: Path) -> Checkout:
        """Ask for the tag first, which fails fast where nothing answers, then fetch."""
        return fetch_tag(f"{self.address}/{release.repository}", release, folder, self.probe_seconds)


@dataclass(frozen=True)
class Repositories:
    """A folder of git repositories: github.com/OWNER/NAME or github.com/OWNER/NAME.git."""

    root: Path
    name: str

    def key(self, release: Release) -> str:
        """Follow the mirror when its tag moves."""
        commit = _tagged(str(self._repository(release)), release, self.root, 60)
        return _digest("git", self.name, str(self.root), commit)

    def checkout(self, release: Release, folder: Path) -> Checkout:
        """Fetch from the repository."""
        return fetch_tag(self._repository(release).absolute().as_uri(), release, folder, 60)

    def _repository(self, release: Release) -> Path:
        return _repository(self.root, release) or self.root / "github.com" / release.repository


@dataclass(frozen=True)
class PlainFiles:
    """A folder of plain files, each release in github.com/OWNER/NAME/TAG."""

    root: Path
    name: str

    def key(self, release: Release) -> str:
        """Follow every file: a mirror of edited files is another mirror."""
        contents = hashlib.sha256()
        for path in sorted((self.root / "github.com").rglob("*")):
            if path.is_file():
                contents.update(f"{path.relative_to(self.root)}\0{path.stat().st_size}\0".encode())
                contents.update(path.read_bytes())
        return _digest("files", self.name, str(self.root), contents.hexdigest())

    def checkout(self, release: Release, folder: Path) -> Checkout:
        """Use the files where they are."""
        found = self.root / "github.com" / release.repository / release.tag
        if not (found / SUBTREE).is_dir():
            raise RenderError(f"{self.name} has no {release}", f"add {found / SUBTREE}, or use another mirror")
        return Checkout(found)


def local_source(root: Path, name: str) -> Source:
    """Tell the two kinds of folder apart.

    Raises:
        RenderError: It is neither.
    """
    owners = root / "github.com"
    if not owners.is_dir():
        raise RenderError(f"{name} has no folder github.com", "lay it out as github.com/OWNER/NAME/TAG/…")
    if any(_is_repository(folder) for folder in owners.glob("*/*")):
        return Repositories(root.absolute(), name)
    return PlainFiles(root.absolute(), name)


def fetch_tag(address: str, release: Release, folder: Path, probe_seconds: float) -> Checkout:
    """Fetch one tag, and of its files the manifests alone."""
    folder.mkdir(parents=True)
    _tagged(address, release, folder, probe_seconds)
    git("init", "--quiet", folder=folder)
    git("remote", "add", "origin", address, folder=folder)
    git("sparse-checkout", "set", "--no-cone", f"/{SUBTREE}/", folder=folder)
    tag = f"refs/tags/{release.tag}"
    fetch = ("fetch", "--quiet", "--depth=1", "--filter=blob:none", "--no-tags", "origin", tag)
    git(*fetch, folder=folder, timeout_seconds=FETCH_SECONDS)
    git("checkout", "--quiet", "FETCH_HEAD", folder=folder, timeout_seconds=FETCH_SECONDS)
    return Checkout(folder, git("rev-parse", "HEAD", folder=folder).strip())


def _tagged(address: str, release: Release, folder: Path, timeout_seconds: float) -> str:
    """Return the id that a tag has in a repository."""
    tag = f"refs/tags/{release.tag}"
    answer = git("ls-remote", "--", address, tag, folder=folder, timeout_seconds=timeout_seconds)
    if not answer:
        raise RenderError(f"{address} has no tag {release.tag}", "use a release that exists")
    return answer.split()[0]


def _repository(root: Path, release: Release) -> Path | None:
    owner, name = release.repository.split("/")
    candidates = (root / "github.com" / owner / name, root / "github.com" / owner / f"{name}.git")
    return next((candidate for candidate in candidates if _is_repository(candidate)), None)


def _is_repository(folder: Path) -> bool:
    return (folder / ".git").exists() or ((folder / "HEAD").is_file() and (folder / "objects").is_dir())


def _digest(kind: str, *parts: str) -> str:
    return f"{kind}-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:16]}"
