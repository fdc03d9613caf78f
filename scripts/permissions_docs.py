"""Write the table of a deployer's roles into docs/permissions.md, from the table that `doctor` asks by.

python scripts/permissions_docs.py            write it
python scripts/permissions_docs.py --check    exit 1 when it is out of date
"""

from __future__ import annotations

import sys
from pathlib import Path

from environment.deployer import ALWAYS, DEPLOYER_ROLES

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "permissions.md"
BEGIN, END = "<!-- begin roles: made by `make docs` -->", "<!-- end roles -->"


def table() -> str:
    """Return the table of roles."""
    rows = [
        f"| `{role.role}` | {role.purpose} | {'always' if role.part == ALWAYS else f'with {role.part}'} | "
        f"{'; '.join(f'`{resource}`: {verbs}' for resource, verbs in role.verbs.items())} |"
        for role in DEPLOYER_ROLES
    ]
    return "\n".join(["| role | for | needed | permissions that are used |", "| --- | --- | --- | --- |", *rows])


def main(arguments: list[str]) -> int:
    """Write or check; return the exit code."""
    text = PAGE.read_text()
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    new = f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"
    if new == text:
        return 0
    if "--check" in arguments:
        sys.stderr.write(f"{PAGE.relative_to(ROOT)} is out of date: run make docs\n")
        return 1
    PAGE.write_text(new)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
