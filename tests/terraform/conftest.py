"""Plans of the root module from an empty state: they need the provider's schemas and no cloud at all."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from clients.terraform import child_environment
from clients.terraform_binary import find_terraform
from environment.paths import project_root
from environment.spec import Environment
from environment.spec_file import load_environment
from environment.terraform_variables import terraform_variables
from sandbox.provider.install import install
from sandbox.provider.preloaded import preloading

LOCAL_STATE = 'terraform {\n  backend "local" {}\n}\n'


class Planner:
    """The root module with its state in a folder, initialised once."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(shutil.copytree(project_root() / "terraform", folder / "terraform"))
        (self.folder / "backend_override.tf").write_text(LOCAL_STATE)
        provider = {"TF_CLI_CONFIG_FILE": str(install(folder / "provider"))}
        self.environment = child_environment({"PATH": os.environ["PATH"], "HOME": str(folder), **provider})
        self._kept: dict[str, Any] = {}
        self.run("init", "-input=false", "-no-color")

    def run(self, *arguments: str, fails: bool = False) -> str:
        ended = subprocess.run(
            [find_terraform(), *arguments], cwd=self.folder, env=self.environment, capture_output=True, text=True
        )
        assert (ended.returncode != 0) == fails, ended.stdout + ended.stderr
        return ended.stdout

    def addresses(self, variables: dict[str, Any]) -> frozenset[str]:
        """List what would be made."""
        events = self._once("addresses", variables, lambda: self._plan(variables, "-json"))
        changes = [json.loads(line) for line in events.splitlines()]
        planned = [event["change"] for event in changes if event["type"] == "planned_change"]
        assert {change["action"] for change in planned} == {"create"}
        return frozenset(change["resource"]["addr"] for change in planned)

    def plan(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Return the plan as `terraform show -json` prints it."""

        def make() -> str:
            self._plan(variables, "-out=planned")
            return self.run("show", "-json", "planned")

        return dict(json.loads(self._once("plan", variables, make)))

    def resources(self, variables: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Return what is known before apply of each resource, by address."""
        changes = self.plan(variables)["resource_changes"]
        return {change["address"]: change["change"]["after"] for change in changes}

    def errors(self, variables: dict[str, Any]) -> str:
        """Return the messages of a plan that fails, in one line."""
        events = [json.loads(line) for line in self._plan(variables, "-json", fails=True).splitlines()]
        found = [event["diagnostic"] for event in events if event["type"] == "diagnostic"]
        return " ".join(f"{item['summary']} {item['detail']}".replace("\n", " ") for item in found)

    def _plan(self, variables: dict[str, Any], *arguments: str, fails: bool = False) -> str:
        (self.folder / "values.tfvars.json").write_text(json.dumps(variables))
        return self.run("plan", "-input=false", "-var-file=values.tfvars.json", *arguments, fails=fails)

    def _once(self, kind: str, variables: dict[str, Any], make: Any) -> str:
        key = f"{kind} {json.dumps(variables, sort_keys=True)}"
        if key not in self._kept:
            self._kept[key] = make()
        return str(self._kept[key])


@pytest.fixture(scope="session")
def planner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planner]:
    folder = tmp_path_factory.mktemp("planner")
    with preloading(folder / "provider"):
        yield Planner(folder)


@pytest.fixture(scope="session")
def spec() -> Any:
    """Load a spec of `deployments/` with overrides, such as `spec("dev", "components.dataflow=false")`."""

    def load(name: str, *overrides: str) -> Environment:
        return load_environment(name, overrides)

    return load


@pytest.fixture(scope="session")
def variables(spec: Any) -> Any:
    """Return Terraform's variables for a spec of `deployments/` with overrides."""

    def make(name: str, *overrides: str) -> dict[str, Any]:
        return terraform_variables(spec(name, *overrides), "x1y2z3")

    return make


@pytest.fixture(scope="session")
def terraform_docs() -> ModuleType:
    """The script that reads our variables and outputs."""
    found = importlib.util.spec_from_file_location("terraform_docs", project_root() / "scripts" / "terraform_docs.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module  # dataclasses look their own module up there
    found.loader.exec_module(module)
    return module
