"""How much of a console a message deserves; Prefect's own log keeps them all alike.

A message without one of these marks is a line everywhere. `cli/report.py` reads the marks.
"""

from __future__ import annotations

DETAIL = {"console": "detail"}
"""One of many: a line in a file, on a terminal only while it is the newest."""
PASSING = {"console": "passing"}
"""Good to know while it lasts: no line anywhere."""
