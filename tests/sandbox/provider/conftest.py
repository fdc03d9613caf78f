"""The real provider's recorded calls, replayed to the stand-in, and Terraform's part in a plan."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sandbox.provider.api import Api
from sandbox.provider.errors import ApiFailure
from sandbox.provider.registry import RESOURCES, resource_class
from sandbox.provider.resource import Resource
from sandbox.provider.schema import fill, load
from sandbox.provider.settings import Settings
from sandbox.provider.wire import UNKNOWN, Values

Json = dict[str, Any]
RECORDED = Path(__file__).resolve().parents[2] / "data" / "provider"
SETTINGS = Settings(
    project="mlops-sandbox",
    region="us-central1",
    zone="us-central1-a",
    default_labels={"env": "sandbox"},
    batch_seconds=0.05,
)


@dataclass
class Replay(Api):
    """Answers as recorded, and takes note of what was asked."""

    settings: Settings = SETTINGS
    expected: list[Json] = field(default_factory=list)
    made: list[Json] = field(default_factory=list)
    answers: Callable[[Json], Json] | None = None

    def __post_init__(self) -> None:
        super().__init__(self.settings)
        self._waiting = threading.Lock()

    def expect(self, calls: list[Json]) -> None:
        """Replay these from now on; answers of one path come in their order."""
        self.expected, self.made = list(calls), []

    def _once(self, service: str, method: str, path: str, body: Any, query: Mapping[str, str] | None) -> Json:
        call = {"service": service, "method": method, "path": path}
        with self._waiting:
            self.made.append(
                call | ({"body": dict(body)} if body is not None else {}) | ({"query": query} if query else {})
            )
            found = self._answer(self.made[-1], call)
        status = found.get("status", 200)
        if status >= 400:
            raise ApiFailure(status, found["answer"])
        return dict(found["answer"] or {})

    def _answer(self, call: Json, key: Json) -> Json:
        if self.answers:
            return self.answers(call)
        found = next((item for item in self.expected if key.items() <= item.items()), None)
        assert found is not None, f"not recorded: {key}"
        self.expected.remove(found)
        return found


@dataclass(frozen=True)
class Recording:
    """What the real provider did for one type."""

    type_name: str
    configuration: Json
    calls: dict[str, list[Json]]
    changes: list[Json]


def _expand(document: Json) -> Json:
    """Put whole answers where only the difference from the path's last one is kept (RFC 7386)."""
    known: dict[str, Any] = {}
    parts = [*document["calls"].values()]
    for change in document["changes"]:
        parts += [change["before"], change["calls"]]
    for call in (call for part in parts for call in part):
        if "answer_changes" in call:
            call["answer"] = _merged(known[call["path"]], call.pop("answer_changes"))
        if call["method"] == "GET" and call.get("status", 200) == 200:
            known[call["path"]] = call["answer"]
    return document


def _merged(held: Any, changes: Any) -> Any:
    if not isinstance(changes, dict) or not isinstance(held, dict):
        return changes
    merged = {key: value for key, value in held.items() if changes.get(key, ...) is not None}
    return merged | {key: _merged(held.get(key), value) for key, value in changes.items() if value is not None}


@pytest.fixture(scope="session")
def recording() -> Callable[[str], Recording]:
    """Return the recording of a type."""

    def read(type_name: str) -> Recording:
        document = _expand(json.loads((RECORDED / f"{type_name}.json").read_text()))
        return Recording(document["type"], document["configuration"], document["calls"], document["changes"])

    return read


@dataclass
class Terraform:
    """Terraform core's part for one resource: it completes the configuration and hands on plans."""

    resource: Resource
    api: Replay

    def configuration(self, values: Json) -> Values:
        """The configuration as the provider receives it."""
        return fill(self.resource.block, values)

    def plan(self, prior: Values | None, values: Json) -> tuple[Values, list[Any]]:
        """Plan a configuration."""
        config = self.configuration(values)
        self.resource.validate(config)
        return self.resource.plan(SETTINGS, prior, dict(config), config)

    def apply(self, prior: Values | None, values: Json) -> Values:
        """Plan and apply a configuration."""
        config = self.configuration(values)
        planned, _ = self.plan(prior, values)
        new = self.resource.create(planned, config) if prior is None else self.resource.update(prior, planned, config)
        return fill(self.resource.block, new)

    def refresh(self, state: Values) -> Values:
        """Read the object."""
        return fill(self.resource.block, self.resource.read(state))


@pytest.fixture
def terraform() -> Callable[[str], Terraform]:
    """Return Terraform for a type, with a replay that expects nothing yet."""

    def make(type_name: str) -> Terraform:
        api = Replay()
        return Terraform(resource_class(type_name)(api, load().resources[type_name].block), api)

    return make


@pytest.fixture(scope="session")
def all_types() -> tuple[str, ...]:
    """Return the names of all resource types."""
    return tuple(sorted(RESOURCES))


@pytest.fixture(scope="session")
def unknown() -> Any:
    """Return the value that is known after an apply."""
    return UNKNOWN
