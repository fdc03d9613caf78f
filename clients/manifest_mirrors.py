"""Upstream's manifests on this machine: a cache of small git mirrors, so that Kustomize never needs the network.

Kustomize asks git for `https://github.com/OWNER/NAME` at a tag; `url.<mirror>.insteadOf` answers from here. A mirror
holds one commit per release with the manifests alone (a checkout of all of kubeflow/pipelines would take seconds), and
`mirror.json`, which says where they came from. It is made beside its place and moved there in one step, so that two
runs can make the same one at the same time. Each source has a folder of its own: they never mix.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from clients.git import git
from clients.manifest_sources import GITHUB, GitHub, Source, local_source
from environment.errors import RenderError, UnreachableError
from environment.kustomization import BASES
from environment.upstream import PIPELINES, SUBTREE, Release, remote_releases

MIRROR = "MLOPS_ENV_GIT_MIRROR"
FALLBACK = "MLOPS_ENV_GIT_MIRROR_FALLBACK"
PROBE_SECONDS = 6  # to learn whether GitHub answers; it is asked twice before a run gives up
LAYOUT = 1  # of the cache; another number leaves older folders alone


@dataclass(frozen=True)
class Mirror:
    """The manifests of one release of Kubeflow Pipelines, and of the releases that it refers to.

    Attributes:
        folder: What `https://github.com/` is read from: a folder with OWNER/NAME.git.
        source: "GitHub", "mirror PATH" or "the sandbox's skeleton".
        commit: The commit of kubeflow/pipelines; for a mirror of plain files, a commit made of their content.
        revision: Names the content: equal for equal manifests, of all repositories together.
    """

    folder: Path
    source: str
    commit: str
    revision: str


def cache_folder() -> Path:
    """Return the user's cache of ours: `$XDG_CACHE_HOME/mlops-env`, by default below `~/.cache`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mlops-env"


def fetch_mirror(version: str) -> Mirror:
    """Bring a release's manifests here, from the first source that has a say.

    MLOPS_ENV_GIT_MIRROR where it is set; else what is here already; else GitHub; else MLOPS_ENV_GIT_MIRROR_FALLBACK.

    Raises:
        UnreachableError: GitHub does not answer, and nothing else is there.
        RenderError: The source has no such release.
    """
    if given := os.environ.get(MIRROR):
        root = Path(given).expanduser().absolute()
        return _mirror_of(local_source(root, f"mirror {root}"), version)
    fallback = os.environ.get(FALLBACK)
    try:
        return _mirror_of(GitHub(GITHUB, PROBE_SECONDS), version)
    except UnreachableError as error:
        if fallback:
            return _mirror_of(local_source(Path(fallback), "the sandbox's skeleton"), version)
        hint = f"allow access to github.com, or set {MIRROR} to a mirror of the manifests (README, Manifests)"
        raise UnreachableError(f"the manifests of Kubeflow Pipelines {version}: {error.message}", hint) from error


def _mirror_of(source: Source, version: str) -> Mirror:
    release = Release(PIPELINES, version)
    place = cache_folder() / "manifests" / f"{source.key(release)}-{LAYOUT}" / version
    if (found := _read(place)) is not None:
        return found
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{version}-", dir=place.parent) as temporary:
        made = Path(temporary) / "mirror"
        _make(made, source, release)
        _put(made, place)
    if (mirror := _read(place)) is None:
        raise RenderError(f"the mirror of Kubeflow Pipelines' manifests at {place} cannot be read", "remove it")
    return mirror


def _put(made: Path, place: Path) -> None:
    try:
        made.rename(place)
    except OSError:  # another run was faster, or somebody has removed a part of it
        if _read(place) is None:
            shutil.rmtree(place, ignore_errors=True)
            made.rename(place)


def _make(made: Path, source: Source, release: Release) -> None:
    """Copy a release and those that it refers to into repositories of our own."""
    work = made.parent
    files = source.checkout(release, work / "pipelines")
    needed = remote_releases([f"{SUBTREE}/kustomize/{base}" for base in BASES], lambda path: _text(files.folder / path))
    revisions = [_add_release(made, release, files.folder)]
    for other in sorted(needed):
        folder = source.checkout(other, work / f"{other.repository.replace('/', '+')}-{other.tag}").folder
        revisions.append(_add_release(made, other, folder))
    origin = {"source": source.name, "commit": files.commit or revisions[0], "revision": "+".join(revisions)}
    (made / "mirror.json").write_text(json.dumps(origin, indent=2))


def _add_release(mirror: Path, release: Release, folder: Path) -> str:
    """Commit a release's manifests, tag the commit, and return its id."""
    repository = mirror / f"{release.repository}.git"
    repository.mkdir(parents=True, exist_ok=True)
    bare = f"--git-dir={repository}"
    git(bare, "init", "--quiet", "--bare", folder=mirror)
    git(bare, f"--work-tree={folder}", "add", "--force", "--", SUBTREE, folder=folder)
    tree = git(bare, "write-tree", folder=mirror).strip()
    commit = git(bare, "commit-tree", tree, "-m", str(release), folder=mirror).strip()
    git(bare, "tag", release.tag, commit, folder=mirror)
    (repository / "index").unlink()
    return commit


def _text(path: Path) -> str | None:
    return path.read_text() if path.is_file() else None


def _read(place: Path) -> Mirror | None:
    try:
        origin = json.loads((place / "mirror.json").read_text())
        is_whole = (place / f"{PIPELINES}.git" / "HEAD").is_file()
        return Mirror(folder=place, **origin) if is_whole else None
    except (OSError, ValueError, TypeError):
        return None
