"""Write the tables of inputs and outputs into the README of each Terraform module, from its variables and outputs.

    python scripts/terraform_docs.py            write them
    python scripts/terraform_docs.py --check    exit 1 and name the READMEs that are out of date

It reads no HCL but ours as `terraform fmt` leaves it: blocks at the margin, one argument per line at two spaces, an
argument of several lines only where it has brackets.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent / "terraform"
BEGIN, END = "<!-- begin: made by `make docs` -->", "<!-- end -->"
_BLOCK = re.compile(r'^(variable|output) "([a-z0-9_]+)" \{$')
_ARGUMENT = re.compile(r"^  (\w+) += (.*)$")


@dataclass
class Block:
    """A variable or an output, and its arguments as written."""

    kind: str
    name: str
    arguments: dict[str, str] = field(default_factory=dict)

    @property
    def description(self) -> str:
        """The description, without quotes."""
        return str(json.loads(self.arguments.get("description", '""')))


def parse(text: str) -> list[Block]:
    """Return the variables and outputs of a file, in its order."""
    blocks: list[Block] = []
    lines = iter(text.splitlines())
    for line in lines:
        if match := _BLOCK.match(line):
            blocks.append(Block(match[1], match[2]))
        elif (match := _ARGUMENT.match(line)) and blocks:
            value = match[2]
            while not value.startswith('"') and _depth(value) > 0:
                value += "\n" + next(lines).strip()
            blocks[-1].arguments[match[1]] = value
    return blocks


def _depth(text: str) -> int:
    return sum(text.count(opening) - text.count(closing) for opening, closing in ("()", "[]", "{}"))


def one_line(value: str) -> str:
    """Return an expression of several lines in one: `object({a = string, b = number})`."""
    joined = re.sub(r" +=", " =", value).replace("\n", ", ")
    return re.sub(r"([({\[]), ", r"\1", re.sub(r", ([)}\]])", r"\1", joined))


def tables(blocks: list[Block]) -> str:
    """Return both tables as Markdown."""
    inputs = [["Name", "What it is", "Type", "Default"]]
    outputs = [["Name", "What it is"]]
    for block in blocks:
        cells = [f"`{block.name}`", block.description]
        if block.kind == "output":
            outputs.append(cells)
            continue
        default = block.arguments.get("default")
        inputs.append(
            [*cells, f"`{one_line(block.arguments['type'])}`", f"`{one_line(default)}`" if default else "required"]
        )
    return "\n\n".join(f"## {title}\n\n{_table(rows)}" for title, rows in (("Inputs", inputs), ("Outputs", outputs)))


def _table(rows: list[list[str]]) -> str:
    head, *body = ["| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |" for row in rows]
    return "\n".join([head, "|" + " --- |" * len(rows[0]), *body])


def updated(folder: Path) -> str:
    """Return what the README of a module should say.

    Raises:
        ValueError: When it has no place for the tables.
    """
    text = (folder / "README.md").read_text()
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"{folder / 'README.md'} has no place for the tables: write '{BEGIN}' and '{END}' into it")
    blocks = [block for name in ("variables.tf", "outputs.tf") for block in parse((folder / name).read_text())]
    return f"{text.split(BEGIN)[0]}{BEGIN}\n\n{tables(blocks)}\n\n{END}{text.split(END)[1]}"


def modules(root: Path = ROOT) -> list[Path]:
    """Return the folders of the root module and of all modules."""
    return [root, *sorted(folder for folder in (root / "modules").iterdir() if folder.is_dir())]


def main(arguments: list[str]) -> int:
    """Write or check; return the exit code."""
    outdated = {folder: text for folder in modules() if (text := updated(folder)) != (folder / "README.md").read_text()}
    for folder, text in outdated.items():
        if "--check" in arguments:
            sys.stderr.write(f"{folder / 'README.md'} is out of date: run make docs\n")
        else:
            (folder / "README.md").write_text(text)
    return 1 if outdated and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
