"""The tables in docs/sandbox.md."""

import importlib.util
import subprocess
import sys
from types import ModuleType

import pytest

from environment.paths import project_root
from sandbox.kernel.routes import Route, Service

SCRIPT = project_root() / "scripts" / "sandbox_docs.py"


@pytest.fixture(scope="module")
def docs() -> ModuleType:
    found = importlib.util.spec_from_file_location("sandbox_docs", SCRIPT)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_page_is_current() -> None:
    ended = subprocess.run([sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_methods_of_one_path_share_a_row(docs: ModuleType) -> None:
    routes = [Route(method, "/v1/things/{thing}", dict) for method in ("DELETE", "GET")]
    table = docs.methods({"x.googleapis.com": Service("x.googleapis.com", routes, [Route("GET", "/{thing}", dict)])})
    assert table.splitlines()[4:] == [
        "| `/v1/things/{thing}` | GET DELETE |",
        "| `/{thing}` (at the server's root) | GET |",
    ]


def test_kinds_are_grouped_by_version(docs: ModuleType) -> None:
    resources = [("", "v1", "Pod"), ("apps", "v1", "Deployment"), ("", "v1", "Node"), ("", "v1", "Pod")]
    table = docs.kinds([{"group": group, "version": version, "kind": kind} for group, version, kind in resources])
    assert table.splitlines()[2:] == ["| `v1` | Pod, Node |", "| `apps/v1` | Deployment |"]


def test_writing_twice_changes_nothing(docs: ModuleType) -> None:
    page = f"before\n{docs.begin('kinds')}\nold\n{docs.end('kinds')}\nafter\n"
    once = docs.updated(page, {"kinds": "new"})
    assert "old" not in once
    assert docs.updated(once, {"kinds": "new"}) == once


def test_a_page_without_a_place_is_refused(docs: ModuleType) -> None:
    with pytest.raises(ValueError, match="no place for the table of kinds"):
        docs.updated("nothing", {"kinds": "new"})
