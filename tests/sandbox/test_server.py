"""The sandbox's process keeps connections, and ends in order when it is told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

SERVE = """
import sys
from pathlib import Path

from sandbox import server
from sandbox.clusters.manager import Clusters

folder = Path(sys.argv[1])
Clusters.stop_all = lambda self: (folder / "stopped").touch()
server.serve(folder, "none", 1.0)
"""


def test_clusters_are_stopped_when_the_process_is_told_to_end(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(tmp_path)])
    while process.poll() is None and not (tmp_path / "server.json").exists():
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(30) == 0
    assert (tmp_path / "stopped").exists()


def test_a_connection_outlives_a_pause_of_its_client(sandbox) -> None:
    connection = HTTPConnection(urlsplit(sandbox.url).netloc)
    connection.request("GET", "/")
    connection.getresponse().read()
    connection.auto_open = False  # a closed one is not opened again
    time.sleep(5.5)  # uvicorn's own limit is 5 s
    connection.request("GET", "/")
    connection.getresponse().read()
