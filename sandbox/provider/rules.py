"""What a schema does not say about a resource type: names in the API, defaults, what forces a replacement.

Terraform's JSON schema leaves out the provider's own knowledge (defaults, ForceNew, suppressed differences). Each type
states it as tables keyed by *paths*: attribute and block names joined by dots, without positions
("settings.ip_configuration.private_network").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Same = Callable[[Any, Any], bool]
Convert = Callable[[Any], Any]

PLACE = frozenset({"project", "region", "zone", "location"})
"""Attributes that stand in a resource's path rather than in its body."""
LOCAL = frozenset({"id", "timeouts", "deletion_policy", "terraform_labels"})
"""What every type keeps to itself."""


@dataclass(frozen=True)
class Rules:
    """Tables of one resource type.

    Attributes:
        names: path -> key in the API, relative to the block's object; dots descend ("routingConfig.routingMode").
        local: never sent, never read: what steers the provider itself.
        sent_only: sent but never answered, such as passwords.
        read_only: read but never sent, though the schema takes it as an input.
        defaults: what an unset attribute means.
        replace: a change here needs a new object; a block's path covers all below it.
        computed_blocks: blocks that the cloud fills when the configuration has none.
        markers: blocks whose mere presence says something, even when they are empty.
        tracked: blocks whose appearance in the cloud is drift although the configuration has none.
        same: when a configured value equals the known one in another spelling.
        strings: numbers that JSON carries as strings.
        arrays: blocks of at most one element that the API takes as an array all the same.
        encode, decode: conversions to and from the API's value.
        labels: the attribute of user labels with its terraform_labels and effective_labels, if any.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    local: frozenset[str] = frozenset()
    sent_only: frozenset[str] = frozenset()
    read_only: frozenset[str] = frozenset()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    replace: frozenset[str] = frozenset()
    computed_blocks: frozenset[str] = frozenset()
    markers: frozenset[str] = frozenset()
    tracked: frozenset[str] = frozenset()
    same: Mapping[str, Same] = field(default_factory=dict)
    strings: frozenset[str] = frozenset()
    arrays: frozenset[str] = frozenset()
    encode: Mapping[str, Convert] = field(default_factory=dict)
    decode: Mapping[str, Convert] = field(default_factory=dict)
    labels: str | None = None

    def is_local(self, path: str) -> bool:
        """Whether the API never hears or tells of this path."""
        if "." not in path and (path in LOCAL or (path in PLACE and path not in self.names)):
            return True
        return path in self.local

    def key(self, path: str) -> str:
        """The API's key for a path, relative to its block's object."""
        return self.names.get(path) or camel(path.rsplit(".", 1)[-1])

    def replaces(self, path: str) -> bool:
        """Whether a change at this path, or of a block around it, needs a new object."""
        parts = path.split(".")
        return any(".".join(parts[:length]) in self.replace for length in range(1, len(parts) + 1))

    def below(self, path: str) -> list[str]:
        """The paths inside a block that need a new object, relative to it."""
        return [name.removeprefix(f"{path}.") for name in self.replace if name.startswith(f"{path}.")]


def camel(name: str) -> str:
    """Google's spelling of a Terraform name: disk_size_gb -> diskSizeGb."""
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)
