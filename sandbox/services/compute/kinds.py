"""What a kind of resource of Compute Engine is: how long it takes, and its rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sandbox.kernel.cloud import Cloud
from sandbox.services.compute.references import Reference

Json = dict[str, Any]


def _as_it_is(cloud: Cloud, reference: Reference, body: Json) -> Json:
    return body


def _nobody(cloud: Cloud, reference: Reference, document: Json) -> Iterable[str]:
    return ()


@dataclass(frozen=True)
class Kind:
    """One kind.

    Attributes:
        plural: as paths write it.
        singular: as messages write it.
        kind: the `kind` of answers.
        insert_seconds: how long a creation really takes.
        delete_seconds: how long a deletion really takes.
        prepare: checks a new resource and fills in its defaults.
        change: checks a changed resource; given the one before and the one wanted.
        users: the relative names of what refuses a deletion.
        removed: puts in order what else goes with it.
        view: what answers show beside what is stored.
    """

    plural: str
    singular: str
    kind: str
    insert_seconds: float = 4.0
    delete_seconds: float = 4.0
    prepare: Callable[[Cloud, Reference, Json], Json] = _as_it_is
    change: Callable[[Cloud, Reference, Json, Json], Json] = field(
        default=lambda cloud, reference, before, wanted: wanted
    )
    users: Callable[[Cloud, Reference, Json], Iterable[str]] = _nobody
    removed: Callable[[Cloud, Reference, Json], None] = field(default=lambda cloud, reference, document: None)
    view: Callable[[Cloud, Reference, Json], Json] = _as_it_is

    @property
    def collection(self) -> str:
        """Where the store keeps them."""
        return f"compute.{self.plural}"
