"""Draw docs/create.svg: what `make sandbox` prints, and what the same command prints when it runs again.

    python scripts/picture.py

Both runs are real, on a sandbox in a temporary folder. Runs of similar lines are shortened.
"""

from __future__ import annotations

import io
import itertools
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "create.svg"
WIDTH = 112
SHOWN = 3
KINDS = (r"  \S+ answers", r"  Enabled", r"  Planned", r"  module\.", r"  (create|update|delete) ", r"  .* ready:")
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
    """Return the variables of a run that shares nothing with the user's own; colours stay on in a pipe."""
    rooms = {"XDG_STATE_HOME": "state", "XDG_CACHE_HOME": "cache", "PREFECT_HOME": "prefect"}
    private = {name: str(folder / room) for name, room in {**rooms, "MLOPS_ENV_SANDBOX_DIR": "sandbox"}.items()}
    left_out = ("MLOPS_ENV_", "GOOGLE_", "PREFECT_", "NO_COLOR")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return kept | private | {"FORCE_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": str(WIDTH)}


def run(variables: dict[str, str], *arguments: str) -> list[Text]:
    """Run the command and return what it printed, a line each, with its colours."""
    ended = subprocess.run(
        [COMMAND, *arguments], env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if ended.returncode != 0:
        sys.exit(f"mlops-env {' '.join(arguments)} failed:\n{ended.stdout[-2000:]}")
    return [Text.from_ansi(line) for line in ended.stdout.splitlines()]


def shortened(lines: Iterable[Text]) -> Iterator[Text]:
    """Keep the first lines of each kind that follow one another, and say how many more there were."""
    for _, group in itertools.groupby(lines, key=lambda line: kind(line.plain)):
        found = list(group)
        yield from found[:SHOWN]
        if len(found) > SHOWN:
            yield Text(f"  … {len(found) - SHOWN} more like this", style="dim italic")


def kind(line: str) -> str:
    """Name what a line reports; a line of its own kind is itself."""
    return next((pattern for pattern in KINDS if re.match(pattern, line)), line)


def draw(runs: Iterable[tuple[str, list[Text]]]) -> str:
    """Return the picture."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), highlight=False, force_terminal=True)
    for command, lines in runs:
        console.print(Text.assemble(("$ ", "bold cyan"), (command, "bold")))
        for line in shortened(lines):
            line.truncate(WIDTH - 1, overflow="ellipsis")
            console.print(line)
        console.print()
    return console.export_svg(title="mlops-env")


if __name__ == "__main__":
    main()
