"""Refuse manifests in which upstream's placeholders survived: they would be applied without a word, and fail late."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from environment.errors import RenderError
from environment.objects import Manifest, reference_of

PLACEHOLDERS = (
    re.compile(r"\byour[A-Z][A-Za-z]*"),  # params.env: yourGcsBucketName
    re.compile(r"^\s*(?i:your)[-_ ][\w .-]*$"),  # our templates: YOUR_BUCKET
    re.compile(r"^\s*(<[^<>\n]+>|\[(?i:your)[^\]\n]*\])\s*$"),  # <bucket>, [YOUR BUCKET]
    re.compile(r"//(?i:your)[-_][\w-]+"),  # gs://your-bucket/path
    re.compile(r"\$\(kfp-[a-z-]+\)"),  # a Kustomize variable that nothing resolved
    re.compile(r":dummy$"),  # the tag that upstream's images have until a kustomization sets one
)


def check_placeholders(manifests: Iterable[Manifest]) -> None:
    """Look at every text of every object.

    Raises:
        RenderError: Names the object, the field and the placeholder.
    """
    for manifest in manifests:
        for path, text in _texts(manifest, ""):
            if found := find_placeholder(text):
                raise RenderError(
                    f"{reference_of(manifest)}: {path} still holds the placeholder {found!r}",
                    "give the environment's own value in gcp-configs.env, or report it if mlops-env made that file",
                )


def find_placeholder(text: str) -> str | None:
    """Return the first placeholder in a text."""
    for pattern in PLACEHOLDERS:
        if match := pattern.search(text):
            return match[0].strip()
    return None


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield every text with its path; a definition's own schema is prose and is left out."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            if key != "openAPIV3Schema":
                yield from _texts(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, f"{path}[{index}]")
