"""When the command starts Prefect's temporary server, and what it says when that fails."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cli.prefect_server import TemporaryServer
from environment.errors import UnreachableError


@pytest.fixture(autouse=True)
def bare_prefect(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Give Prefect a new home and nothing else; a started server's address is forgotten after the test."""
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(os, "environ", dict(os.environ) | {"PREFECT_HOME": str(tmp_path)})
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["PREFECT_API_URL", "PREFECT_PROFILE", "PREFECT_PROFILES_PATH"])
def test_a_variable_that_may_name_an_api_leaves_it_to_prefect(name: str) -> None:
    os.environ[name] = "http://127.0.0.1:4200/api"
    with TemporaryServer().ready():
        assert os.environ[name] == "http://127.0.0.1:4200/api"


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("profiles.toml", 'active = "own"\n[profiles.own]\nPREFECT_API_URL = "http://127.0.0.1:4200/api"\n'),
        ("prefect.toml", '[api]\nurl = "http://127.0.0.1:4200/api"\n'),
        ("pyproject.toml", '[tool.prefect.api]\nurl = "http://127.0.0.1:4200/api"\n'),
        (".env", "PREFECT_API_URL=http://127.0.0.1:4200/api\n"),
    ],
)
def test_a_file_that_may_name_an_api_leaves_it_to_prefect(bare_prefect: Path, file: str, text: str) -> None:
    (bare_prefect / file).write_text(text)
    TemporaryServer()
    assert "PREFECT_API_URL" not in os.environ


def test_a_server_that_ends_is_one_line(bare_prefect: Path) -> None:
    os.environ["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = f"sqlite+aiosqlite:///{bare_prefect}/no/folder/prefect.db"
    server = TemporaryServer()
    assert os.environ["PREFECT_API_URL"].startswith("http://127.0.0.1:")
    with pytest.raises(UnreachableError, match="Prefect's temporary server did not start"), server.ready():
        pytest.fail("there is no server")
