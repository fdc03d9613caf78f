"""Write what each existing thing must fulfil into docs/existing-resources.md, from the checks' own table.

python scripts/existing_docs.py            write it
python scripts/existing_docs.py --check    exit 1 when it is out of date
"""

from __future__ import annotations

import string
import sys
from collections.abc import Iterable
from pathlib import Path

from environment.existing_parts import KINDS
from environment.existing_requirements import REQUIREMENTS, Requirement

PAGE = Path(__file__).resolve().parent.parent / "docs" / "existing-resources.md"


def begin(kind: str) -> str:
    """Return the mark that a table stands after."""
    return f"<!-- begin {kind}: made by `make docs` -->"


def end(kind: str) -> str:
    """Return the mark that a table stands before."""
    return f"<!-- end {kind} -->"


def table(requirements: Iterable[Requirement]) -> str:
    """Return a row for each requirement: its check, what must be so, and what makes it so."""
    rows = [f"| `{one.check}` | {_needs(one)} | `{_command(one.fix)}` |" for one in requirements]
    return "\n".join(["| check | what must be so | what makes it so |", "| --- | --- | --- |", *rows])


def _needs(requirement: Requirement) -> str:
    return f"{requirement.needs} (where {requirement.when})" if requirement.when else requirement.needs


def _command(fix: str) -> str:
    names = {field for _, field, _, _ in string.Formatter().parse(fix) if field}
    return fix.format(**{name: name.upper() for name in names})


def updated(text: str) -> str:
    """Return what the page should say.

    Raises:
        ValueError: When it has no place for a table.
    """
    for kind in KINDS:
        first, last = begin(kind), end(kind)
        if text.count(first) != 1 or text.count(last) != 1:
            raise ValueError(f"{PAGE} has no place for the table of {kind}: write '{first}' and '{last}' into it")
        made = table(one for one in REQUIREMENTS if one.kind == kind)
        text = f"{text.split(first)[0]}{first}\n\n{made}\n\n{last}{text.split(last)[1]}"
    return text


def main(arguments: list[str]) -> int:
    """Write or check; return the exit code."""
    now = PAGE.read_text(encoding="utf-8")
    wanted = updated(now)
    if wanted == now:
        return 0
    if "--check" in arguments:
        sys.stderr.write(f"{PAGE} is out of date: run make docs\n")
        return 1
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
