"""The sandbox's variables in this process, for flows that run in it; and all that Prefect keeps of them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.variables import MANIFESTS

PAGE = 200


@pytest.fixture(scope="module", autouse=True)
def manifests() -> Iterator[None]:
    """Deploy the sandbox's own manifests, whatever mirror is set, and without asking GitHub."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLOPS_ENV_GIT_MIRROR", str(MANIFESTS))
        yield


@pytest.fixture(scope="module", autouse=True)
def _told_little(request: pytest.FixtureRequest) -> Iterator[None]:
    """Keep lines of logs and states of tasks from Prefect's server, which no flow reads: a third of its work.

    Not in a module marked `told_all`, which searches what Prefect keeps.
    """
    with pytest.MonkeyPatch.context() as patch:
        if not request.node.get_closest_marker("told_all"):
            patch.setattr("prefect.events.utilities.should_emit_events", lambda: False)
            patch.setattr("prefect.logging.handlers.APILogHandler.emit", lambda handler, record: None)
        yield


@pytest.fixture
def cloud(sandbox, prefect_server, monkeypatch):
    """Point this process at the sandbox; return it."""
    for name, value in sandbox.variables.items():
        monkeypatch.setenv(name, value)
    return sandbox


@pytest.fixture
def prefect_keeps(prefect_server) -> Callable[[], dict[str, bytes]]:
    """Returns what Prefect's server answers to each question for a list, and every file that it and our runs wrote."""
    from prefect.settings import get_current_settings

    settings = get_current_settings()
    database = Path(str(settings.server.database.connection_url.get_secret_value()).partition("///")[2])
    ours = ("PREFECT_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "TMPDIR")
    folders = [database.parent, settings.results.local_storage_path, *(Path(os.environ[name]) for name in ours)]

    def look() -> dict[str, bytes]:
        files = {file for folder in folders for file in folder.rglob("*") if file.is_file() and not file.is_symlink()}
        return {str(file): file.read_bytes() for file in files} | _answers(str(settings.api.url))

    return look


def _answers(api: str) -> dict[str, bytes]:
    """Return all pages of every list that the server's API has, by its path, and the states of each run of a flow."""
    with httpx.Client(base_url=api, trust_env=False, timeout=60) as client:
        paths = client.get("/openapi.json").raise_for_status().json()["paths"]
        lists = [path.removeprefix("/api") for path in paths if path.endswith("/filter") and "{" not in path]
        found = {path: list(_pages(client, path)) for path in lists}
        for run in found["/flow_runs/filter"]:
            run["states"] = client.get("/flow_run_states/", params={"flow_run_id": run["id"]}).raise_for_status().json()
    return {path: json.dumps(items).encode() for path, items in found.items()}


def _pages(client: httpx.Client, path: str) -> Iterator[Any]:
    secret_too = {"include_secrets": True} if path.startswith("/block_documents") else {}
    if path == "/events/filter":
        page = client.post(path, json={"limit": 50}).raise_for_status().json()
        yield from page["events"]
        while page["next_page"]:
            page = client.get(page["next_page"]).raise_for_status().json()
            yield from page["events"]
        return
    for number in count():
        question = {"limit": PAGE, "offset": number * PAGE, **secret_too}
        page = client.post(path, json=question).raise_for_status().json()
        yield from page
        if len(page) < PAGE:
            return
