"""Which messages of a run are lines: in a file, and on a terminal."""

from __future__ import annotations

import io
import logging

import pytest
from rich.console import Console

from cli import report

MESSAGES = [
    ("Created task run 'x' for task 'y'", logging.INFO, None),
    ("Planned: 1 to create", logging.INFO, None),
    ("module.a: Creating...", logging.INFO, "passing"),
    ("module.a: Creation complete after 1s [id=projects/p/a]", logging.INFO, "detail"),
    ("ml.googleapis.com is retired", logging.WARNING, "detail"),
]


def printed(monkeypatch: pytest.MonkeyPatch, *, is_terminal: bool) -> list[str]:
    """Send MESSAGES; return the lines that stay, without the spinner's."""
    console = Console(file=io.StringIO(), force_terminal=is_terminal, width=100, color_system=None)
    monkeypatch.setattr(report, "err", console)
    stay: list[str] = []
    print_ = console.print
    monkeypatch.setattr(console, "print", lambda *text, **how: (stay.append(str(text[0])), print_(*text, **how)))
    with report.progress("Getting ready") as lines:
        for message, level, kind in MESSAGES:
            record = logging.LogRecord("prefect.task_runs", level, __file__, 1, message, None, None)
            record.__dict__.update({"console": kind} if kind else {})
            lines.emit(record)
    return [line.strip() for line in stay if line.startswith("  ")]  # rich prints the spinner too


def test_a_file_gets_a_line_for_everything_that_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    assert printed(monkeypatch, is_terminal=False) == [
        "Planned: 1 to create",
        "module.a: Creation complete after 1s",
        "ml.googleapis.com is retired",
    ]


def test_a_terminal_keeps_what_is_not_one_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    assert printed(monkeypatch, is_terminal=True) == ["Planned: 1 to create", "ml.googleapis.com is retired"]
