"""Which files of which repositories a render needs, read from the kustomizations themselves."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

PIPELINES = "kubeflow/pipelines"
SUBTREE = "manifests"
FILE_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_REMOTE = re.compile(
    r"^https://github\.com/(?P<owner>[\w.-]+)/(?P<name>[\w.-]+?)(?:\.git)?/+(?P<path>[^?]*)\?(?:.*&)?ref=(?P<tag>[\w.-]+)"
)


@dataclass(frozen=True, order=True)
class Release:
    """A tag of a repository on GitHub: `repository` is "OWNER/NAME"."""

    repository: str
    tag: str

    def __str__(self) -> str:
        return f"github.com/{self.repository} at {self.tag}"


def remote_releases(folders: list[str], read: Callable[[str], str | None]) -> set[Release]:
    """Follow kustomizations from these folders on; return the releases of other repositories that they refer to.

    Args:
        folders: Folders to start at, relative to the repository's root.
        read: Returns the text of a file of the repository, None where there is none.
    """
    found: set[Release] = set()
    seen: set[str] = set()
    waiting = list(folders)
    while waiting:
        folder = waiting.pop()
        if folder in seen:
            continue
        seen.add(folder)
        for entry in _entries(folder, read):
            if remote := _REMOTE.match(entry):
                found.add(Release(f"{remote['owner']}/{remote['name']}", remote["tag"]))
            elif "://" not in entry:
                waiting.append(posixpath.normpath(posixpath.join(folder, entry)))
    return found


def _entries(folder: str, read: Callable[[str], str | None]) -> Iterator[str]:
    for name in FILE_NAMES:
        if (text := read(posixpath.join(folder, name))) is not None:
            document: Any = yaml.safe_load(text)
            for key in ("resources", "bases", "components"):
                yield from (document or {}).get(key) or []
            return
