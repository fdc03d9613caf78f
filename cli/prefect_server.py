"""Prefect's temporary server for one run, where the user has none of their own.

It is the server that Prefect would start by itself, over the same database, but started before this process has
imported Prefect, so that both get ready at the same time; and this process never imports the server's half of Prefect.
Whoever may have named an API in one of Prefect's files gets what Prefect does with it.

The server listens on a socket that it is given, so no port is guessed, and ends when the pipe on its standard input
does: not even a killed run leaves it behind.

Source: https://docs.prefect.io/v3/advanced/self-hosted, prefect.server.api.server.SubprocessASGIServer
"""

from __future__ import annotations

import atexit
import fcntl
import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from environment.errors import UnreachableError

API_URL = "PREFECT_API_URL"
TEMPORARY_SERVER = "MLOPS_ENV_TEMPORARY_SERVER"  # for flows.exclusion, which cannot be imported before Prefect
START_SECONDS = 120.0  # a loaded machine needs more than Prefect's 20 s, the first run makes the database
STOP_SECONDS = 5.0
SERVER = {
    "PREFECT__SERVER_EPHEMERAL": "1",
    "PREFECT__SERVER_FINAL": "1",
    "PREFECT_UI_ENABLED": "0",
    # Types of blocks are for people who make blocks; a server that stays registers them.
    "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",
    "PREFECT_SERVER_MEMOIZE_BLOCK_AUTO_REGISTRATION": "false",
    # States of tasks are written by the second, not each by itself, which takes half of the server's time; the rest at
    # its end. Nothing in a run reads them.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
}
QUIET = {
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",  # the command says what happens in its own words
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": f"{START_SECONDS:.0f}",
    "DO_NOT_TRACK": "1",
    "PYTHONWARNINGS": "ignore:You are using a Python version:FutureWarning",  # google.api_core, in Prefect's own server
}


class ServerProcess:
    """Prefect's server in a process of its own, over the database of PREFECT_HOME, until it is stopped."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(128)  # whoever asks before the server is ready waits for its answer
            self.url = f"http://127.0.0.1:{listener.getsockname()[1]}/api"
            self._log = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as the server)
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "cli.prefect_server", str(listener.fileno())],
                env={**environment, **SERVER},
                stdin=subprocess.PIPE,
                stdout=self._log,
                stderr=self._log,
                pass_fds=[listener.fileno()],
                start_new_session=True,  # an interrupt is ours; the server is still told how the run ended
            )
        self._is_ready = False

    @contextmanager
    def ready(self) -> Iterator[None]:
        """Wait until it answers; runs within report to it.

        Raises:
            UnreachableError: When it ended, or does not answer.
        """
        self._wait()
        from prefect import settings

        with tempfile.NamedTemporaryFile("w") as authority:
            authority.write(_one_authority())
            authority.flush()
            used = {
                settings.PREFECT_API_URL: self.url,
                # Nobody would miss a heartbeat in a server that ends with the run, and its last takes up to a second.
                settings.PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,
                settings.PREFECT_CLIENT_CSRF_SUPPORT_ENABLED: False,  # each client would ask, to hear that it is off
                # It speaks no TLS, but each client reads the authorities, which takes 45 ms with all of certifi's.
                settings.PREFECT_API_SSL_CERT_FILE: authority.name,
            }
            with settings.temporary_settings(used):
                yield

    def _wait(self) -> None:
        import httpx

        try:
            httpx.get(f"{self.url}/health", timeout=START_SECONDS, trust_env=False).raise_for_status()
        except httpx.HTTPError as error:
            said = _reason(self._log)
            raise UnreachableError(f"Prefect's temporary server did not start: {said or error}") from error
        self._is_ready = True

    def stop(self) -> None:
        """Let it write down what it was told, and end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        if not self._is_ready:
            return  # it has nothing to write down, but may be making the database: it ends after that
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()


class TemporaryServer:
    """The server of a command; without one, Prefect uses what its settings say."""

    def __init__(self) -> None:
        be_quiet()
        self._server: ServerProcess | None = None
        if not _may_have_api():
            self._server = ServerProcess(os.environ)
            os.environ[API_URL] = self._server.url
            os.environ[TEMPORARY_SERVER] = "1"
            atexit.register(self._server.stop)  # before Prefect registers what it still has to say

    @contextmanager
    def ready(self) -> Iterator[None]:
        """Wait until the server answers; runs within report to it.

        Raises:
            UnreachableError: When it ended, or does not answer.
        """
        if self._server is None:
            yield
            return
        with self._server.ready():
            yield


def _may_have_api() -> bool:
    """Tell whether one of the places that Prefect reads its settings from may name an API; only Prefect can be sure."""
    if any(os.environ.get(name) for name in (API_URL, "PREFECT_PROFILE", "PREFECT_PROFILES_PATH")):
        return True
    files = {
        _home() / "profiles.toml": "PREFECT_",
        Path("prefect.toml"): "",
        Path("pyproject.toml"): "[tool.prefect",
        Path(".env"): "PREFECT_",
    }
    return any(path.is_file() and word in path.read_text(errors="replace") for path, word in files.items())


def has_api() -> bool:
    """Tell whether a server is named that stays when this process ends; asks Prefect only where it may be so."""
    if not _may_have_api() or os.environ.get(TEMPORARY_SERVER):
        return False
    be_quiet()
    from prefect.settings import get_current_settings

    return get_current_settings().api.url is not None


def be_quiet() -> None:
    """Before Prefect is imported: it reads these once."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)


def _home() -> Path:
    return Path(os.environ.get("PREFECT_HOME") or "~/.prefect").expanduser()


def _one_authority() -> str:
    import certifi

    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    return begin + certifi.contents().partition(begin)[2].partition(end)[0] + end


def _reason(log: IO[bytes]) -> str:
    """Return the last exception that the server told of, else its last line."""
    log.seek(0)
    lines = log.read().decode(errors="replace").strip().splitlines()
    exceptions = [line for line in lines if re.match(r"[\w.]*(Error|Exception)\b.*: ", line)]
    return (exceptions or lines or [""])[-1][:300]


def serve(listener: socket.socket) -> None:
    """Serve Prefect's API until standard input ends."""
    import gc
    import signal
    import threading

    gc.disable()  # a fifth of the start would go into looking for garbage among modules
    import uvicorn
    from prefect.server.api.server import create_app

    config = uvicorn.Config(create_app(), log_level="error", lifespan="on", timeout_graceful_shutdown=2)
    config.load()
    gc.freeze()
    gc.enable()

    class OneAtATime(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            """Bring the database up to date, alone: servers of runs that start together would do it on each other."""
            _home().mkdir(parents=True, exist_ok=True)
            with (_home() / "mlops-env-start.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                await super().startup(sockets)

    def end_with_input() -> None:
        sys.stdin.buffer.read()
        signal.raise_signal(signal.SIGTERM)

    threading.Thread(target=end_with_input, daemon=True).start()
    OneAtATime(config).run(sockets=[listener])


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
