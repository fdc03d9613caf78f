"""When two spellings of a value mean the same thing to Google: links, names, cases, times."""

from __future__ import annotations

import re
from typing import Any

_VERSION = re.compile(r"^https?://.*?/(?:v\d[^/]*/)(?=projects/)")


def last(link: Any) -> str:
    """The last segment of a link."""
    return str(link).rsplit("/", 1)[-1]


def relative(link: Any) -> str:
    """A link from `projects/` on; other texts unchanged."""
    text = str(link)
    start = text.find("projects/")
    return text[start:] if start > 0 and "://" in text else text


def same_link(one: Any, other: Any) -> bool:
    """Whether two links name one object; a bare name stands for any link that ends in it."""
    if not one or not other:
        return not one and not other
    left, right = relative(one).strip("/"), relative(other).strip("/")
    return left == right or (("/" not in left or "/" not in right) and last(left) == last(right))


def same_case(one: Any, other: Any) -> bool:
    """Whether two texts differ in case at most."""
    return str(one).lower() == str(other).lower()


def format_path(template: str, values: Any) -> str:
    """Fill `{name}` in a path; a link in a value is cut to its last segment for `{name|last}`."""

    def replace(match: re.Match[str]) -> str:
        name, _, how = match.group(1).partition("|")
        value = values.get(name) or ""
        return last(value) if how == "last" else relative(value)

    return re.sub(r"\{([a-z_0-9|]+)\}", replace, template)


def parse_path(template: str, path: str) -> dict[str, str] | None:
    """The values that make a template this path, or None. A value may hold slashes only when it is the last."""
    names = re.findall(r"\{([a-z_0-9|]+)\}", template)
    pattern = re.escape(template)
    for name in names:
        pattern = pattern.replace(re.escape("{" + name + "}"), f"(?P<{name.partition('|')[0]}>[^/]+)", 1)
    match = re.fullmatch(pattern, relative(path).strip("/"))
    return None if match is None else match.groupdict()
