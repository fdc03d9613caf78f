"""Providers that are forked are as those that are started: each has its own configuration, and ends with Terraform."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from sandbox.provider.install import install
from sandbox.provider.launch import COOKIE
from sandbox.provider.preloaded import preloading
from sandbox.provider.starter import SOCKET

SECONDS = 30
SYSTEM = "darwin" if sys.platform == "darwin" else "linux"


@pytest.fixture(params=["forked", "started"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """Where the stand-in is installed; with and without a preloaded process."""
    install(tmp_path / "terraform")
    if request.param == "started":
        yield tmp_path / "terraform"
        return
    with preloading(tmp_path / "terraform"):
        _wait(lambda: (tmp_path / "terraform" / SOCKET).is_socket())
        yield tmp_path / "terraform"


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder for sockets, whose paths may have a hundred characters."""
    with TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


@contextmanager
def provider(folder: Path, variables: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Start one as Terraform does."""
    (program,) = (folder / "mirror").rglob(f"{SYSTEM}_amd64/*")
    process = subprocess.Popen(
        [program], env=dict([COOKIE]) | variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    with process:
        yield process
        process.kill()


def test_each_serves_in_its_own_folder_and_leaves_nothing_when_terraform_is_gone(folder: Path, short: Path) -> None:
    places = [short / name for name in ("1", "2")]
    for place in places:
        place.mkdir()
    with provider(folder, {"TMPDIR": str(places[0])}) as one, provider(folder, {"TMPDIR": str(places[1])}) as two:
        for process, place in zip((one, two), places, strict=True):
            assert process.stdout is not None
            version, protocol, kind, address, *_ = process.stdout.readline().split("|")
            assert (version, protocol, kind, Path(address).parent.parent) == ("1", "6", "unix", place)
        for process in (one, two):
            process.terminate()
    if (folder / SOCKET).is_socket():
        _wait(lambda: not [*places[0].iterdir(), *places[1].iterdir()])


def test_who_is_not_terraform_is_told_so(folder: Path) -> None:
    (program,) = (folder / "mirror").rglob(f"{SYSTEM}_amd64/*")
    started = subprocess.run([program], env={}, capture_output=True, text=True, timeout=SECONDS)
    assert (started.returncode, started.stdout) == (1, "")
    assert "This is a Terraform provider" in started.stderr


def test_a_socket_that_a_killed_process_left_is_no_obstacle(
    tmp_path: Path, short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path)
    with monkeypatch.context() as patch, socket.socket(socket.AF_UNIX) as listener:
        patch.chdir(tmp_path)
        listener.bind(SOCKET)
    with provider(tmp_path, {"TMPDIR": str(short)}) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("1|6|unix|")
    left = (tmp_path / SOCKET).stat().st_ino
    with preloading(tmp_path):
        _wait(lambda: (tmp_path / SOCKET).stat().st_ino != left)
    assert not (tmp_path / SOCKET).exists()


def _wait(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)
