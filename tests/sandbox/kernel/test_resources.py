from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sandbox.kernel.resources import EMPTY_LABELS_FINGERPRINT, Resources, fingerprint, is_ready, public
from sandbox.kernel.store import Store


@dataclass
class HeldClock:
    seconds: float = 100.0

    def now(self) -> float:
        return self.seconds


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Any]:
    store = Store(tmp_path / "store.db")
    yield SimpleNamespace(store=store, clock=HeldClock())
    store.close()


def test_a_resource_is_gone_when_its_time_has_come(cloud: Any) -> None:
    resources = Resources(cloud, "things")
    resources.put("a/1", {"name": "1"})
    resources.put("a/2", {"name": "2"})
    resources.remove("a/1", gone_at=110.0)
    assert [name for name, _ in resources.items("a/")] == ["a/1", "a/2"]
    cloud.clock.seconds = 110.0
    assert [name for name, _ in resources.items("a/")] == ["a/2"]
    assert cloud.store.get("things", "a/1") is None


def test_a_resource_that_is_gone_at_once_leaves_nothing(cloud: Any) -> None:
    resources = Resources(cloud, "things")
    resources.put("a/1", {"name": "1"})
    resources.remove("a/1", gone_at=100.0)
    assert resources.get("a/1") is None
    assert cloud.store.items("things") == []


def test_a_resource_is_ready_from_its_time_on_and_shows_no_times(cloud: Any) -> None:
    document = {"name": "1", "ready_at": 105.0, "idle_at": 0.0}
    assert not is_ready(cloud, document)
    cloud.clock.seconds = 105.0
    assert is_ready(cloud, document)
    assert public(document) == {"name": "1"}


def test_a_fingerprint_follows_the_content() -> None:
    assert fingerprint({"a": "1", "b": "2"}) == fingerprint({"b": "2", "a": "1"})
    assert fingerprint({"a": "1"}) != fingerprint({"a": "2"})
    assert fingerprint({}) == EMPTY_LABELS_FINGERPRINT
