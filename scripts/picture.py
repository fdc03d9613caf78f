"""Draw docs/create.svg: what `make sandbox` prints, and what the same command prints when it runs again.

    python scripts/picture.py

Both runs are real, on a sandbox in a temporary folder, as they leave a terminal.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.text import Text

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "create.svg"
WIDTH = 112
COMMAND = str(Path(sys.executable).parent / "mlops-env")


def main() -> None:
    """Run, then draw."""
    with tempfile.TemporaryDirectory(prefix="mlops-env-picture-") as folder:
        variables = private_environment(Path(folder))
        try:
            outputs = [run(variables, "create", "sandbox") for _ in range(2)]
        finally:
            run(variables, "sandbox", "stop")
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(draw(zip(("make sandbox", "mlops-env create sandbox"), outputs, strict=True)))


def private_environment(folder: Path) -> dict[str, str]:
    """Return the variables of a run that shares nothing with the user's own, and takes its pipe for a terminal."""
    rooms = {"XDG_STATE_HOME": "state", "XDG_CACHE_HOME": "cache", "PREFECT_HOME": "prefect"}
    private = {name: str(folder / room) for name, room in {**rooms, "MLOPS_ENV_SANDBOX_DIR": "sandbox"}.items()}
    left_out = ("MLOPS_ENV_", "GOOGLE_", "PREFECT_", "NO_COLOR")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    terminal = {"FORCE_COLOR": "1", "TTY_INTERACTIVE": "1", "TERM": "xterm-256color", "COLUMNS": str(WIDTH)}
    return kept | private | terminal


def run(variables: dict[str, str], *arguments: str) -> list[Text]:
    """Run the command and return what it printed, a line each, with its colours."""
    command = [COMMAND, *arguments]
    ended = subprocess.run(command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    output = ended.stdout.decode()  # as it is: subprocess's own text mode would turn carriage returns into new lines
    if ended.returncode != 0:
        sys.exit(f"mlops-env {' '.join(arguments)} failed:\n{output[-2000:]}")
    return [Text.from_ansi(line) for line in screen(output)]


def screen(output: str) -> list[str]:
    """Return the lines that stay on a terminal: a spinner erases its own."""
    lines, row = [""], 0
    for part in re.split(r"(\r|\n|\x1b\[2K|\x1b\[1A|\x1b\[\?25[lh])", output):
        if part == "\n":
            row += 1
            lines += [""] if row == len(lines) else []
        elif part == "\x1b[1A":
            row -= 1
        elif part == "\x1b[2K":
            lines[row] = ""
        elif not part.startswith(("\r", "\x1b[?")):
            lines[row] += part
    return lines if lines[-1] else lines[:-1]


def draw(runs: Iterable[tuple[str, list[Text]]]) -> str:
    """Return the picture."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), highlight=False, force_terminal=True)
    for command, lines in runs:
        console.print(Text.assemble(("$ ", "bold cyan"), (command, "bold")))
        for line in lines:
            line.truncate(WIDTH - 1, overflow="ellipsis")
            console.print(line)
        console.print()
    return console.export_svg(title="mlops-env")


if __name__ == "__main__":
    main()
