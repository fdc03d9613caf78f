"""Container images by name: which registry has them, under which repository and reference.

Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from environment.findings import Finding

CHECK = "images"
DOCKER_HUB = "registry-1.docker.io"
_DEFAULT_TAG = "latest"


class Image(NamedTuple):
    """An image: `reference` is its digest, or else its tag."""

    registry: str
    repository: str
    reference: str

    def __str__(self) -> str:
        return f"{self.registry}/{self.repository}{'@' if ':' in self.reference else ':'}{self.reference}"


def parse_image(name: str) -> Image:
    """Read an image's name as Kubernetes does: what names no registry is Docker Hub's."""
    rest, _, digest = name.partition("@")
    first, slash, below = rest.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost"):
        first, below = "docker.io", rest if slash else f"library/{rest}"
    repository, _, tag = below.partition(":")
    return Image(DOCKER_HUB if first == "docker.io" else first, repository, digest or tag or _DEFAULT_TAG)


def images_of(manifests: Iterable[Mapping[str, Any]]) -> tuple[Image, ...]:
    """Return the images that pods of these manifests pull, each once, sorted."""
    return tuple(sorted({parse_image(name) for manifest in manifests for name in _names(manifest)}))


def missing_image(image: Image) -> Finding:
    """Return the finding for an image that its registry does not have."""
    return Finding(
        check=CHECK,
        subject=f"image {image}",
        problem="its registry does not have it (any more)",
        fix="copy it to a registry of yours and name it in kustomize/, or choose another pipelines.version",
    )


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key in ("containers", "initContainers"):
            containers = value.get(key)
            for one in containers if isinstance(containers, list) else ():
                if isinstance(one, Mapping) and isinstance(one.get("image"), str):
                    yield one["image"]
        for below in value.values():
            yield from _names(below)
    elif isinstance(value, list):
        for below in value:
            yield from _names(below)
