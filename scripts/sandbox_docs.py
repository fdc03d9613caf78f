"""Write the tables of what the sandbox plays into docs/sandbox.md, from its own tables of routes and kinds.

    python scripts/sandbox_docs.py            write them
    python scripts/sandbox_docs.py --check    exit 1 when they are out of date

What is not in these tables answers 501.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sandbox.kernel.routes import Route, Service
from sandbox.services.catalogue import services

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "sandbox.md"
KINDS = ROOT / "sandbox" / "data" / "kubernetes" / "discovery.json"
_VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def begin(name: str) -> str:
    """Return the mark that a table stands after."""
    return f"<!-- begin {name}: made by `make docs` -->"


def end(name: str) -> str:
    """Return the mark that a table stands before."""
    return f"<!-- end {name} -->"


def methods(known: Mapping[str, Service]) -> str:
    """Return a table of paths and HTTP methods for each service."""
    parts = []
    for host, service in sorted(known.items()):
        rows = [*_rows(service.routes), *_rows(service.root_routes, " (at the server's root)")]
        parts.append("\n".join([f"**{host}**", "", "| path | methods |", "| --- | --- |", *rows]))
    return "\n\n".join(parts)


def _rows(routes: Iterable[Route], note: str = "") -> list[str]:
    by_path: dict[str, set[str]] = {}
    for route in routes:
        by_path.setdefault(route.template, set()).add(route.method)
    return [f"| `{path}`{note} | {' '.join(filter(found.__contains__, _VERBS))} |" for path, found in by_path.items()]


def kinds(resources: Iterable[Mapping[str, Any]]) -> str:
    """Return a table of the Kubernetes kinds of each group and version."""
    by_version: dict[str, list[str]] = {}
    for resource in resources:
        version = f"{resource['group']}/{resource['version']}".lstrip("/")
        by_version.setdefault(version, []).append(resource["kind"])
    rows = [f"| `{version}` | {', '.join(dict.fromkeys(found))} |" for version, found in by_version.items()]
    return "\n".join(["| group and version | kinds |", "| --- | --- |", *rows])


def updated(text: str, tables: Mapping[str, str]) -> str:
    """Return the page with each table between its marks.

    Raises:
        ValueError: When it has no place for one of them.
    """
    for name, table in tables.items():
        if text.count(begin(name)) != 1 or text.count(end(name)) != 1:
            raise ValueError(f"no place for the table of {name}: write '{begin(name)}' and '{end(name)}'")
        before, after = text.split(begin(name))[0], text.split(end(name))[1]
        text = f"{before}{begin(name)}\n\n{table}\n\n{end(name)}{after}"
    return text


def main(arguments: list[str]) -> int:
    """Write or check; return the exit code."""
    text = PAGE.read_text()
    new = updated(text, {"methods": methods(services()), "kinds": kinds(json.loads(KINDS.read_text()))})
    if new == text:
        return 0
    if "--check" in arguments:
        sys.stderr.write(f"{PAGE.relative_to(ROOT)} is out of date: run make docs\n")
        return 1
    PAGE.write_text(new)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
