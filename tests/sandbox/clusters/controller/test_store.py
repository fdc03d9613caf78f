"""What the controller keeps of what it has seen."""

from __future__ import annotations

from typing import Any

from sandbox.clusters.controller.store import Store


def obj(name: str, version: int, *owners: str) -> dict[str, Any]:
    references = [{"uid": owner} for owner in owners]
    return {
        "metadata": {"namespace": "ml", "name": name, "resourceVersion": str(version), "ownerReferences": references}
    }


def test_an_older_version_does_not_replace_a_newer_one() -> None:
    store = Store()
    assert store.put(obj("a", 5))
    assert not store.put(obj("a", 4))
    assert not store.put(obj("a", 5))
    assert store.put(obj("a", 6))


def test_an_answer_that_comes_after_the_deletion_does_not_bring_the_object_back() -> None:
    store = Store()
    store.put(obj("a", 5))
    store.remove(obj("a", 8))
    assert not store.put(obj("a", 7))
    assert store.get("ml", "a") is None
    assert store.put(obj("a", 9))


def test_an_object_that_was_made_again_is_not_removed_by_the_deletion_before() -> None:
    store = Store()
    store.put(obj("a", 9))
    assert store.remove(obj("a", 8)) is None
    assert store.get("ml", "a") is not None


def test_owners_are_followed_through_changes() -> None:
    store = Store()
    store.put(obj("a", 1, "x"))
    store.put(obj("a", 2, "y"))
    assert store.owned_by("x") == []
    assert [each["metadata"]["name"] for each in store.owned_by("y")] == ["a"]
    store.remove(obj("a", 3))
    assert store.owned_by("y") == []


def test_what_a_complete_list_lacks_is_absent() -> None:
    store = Store()
    for each in (obj("a", 1), obj("b", 2)):
        store.put(each)
    assert store.absent_from([obj("b", 2)]) == [obj("a", 1)]
    assert len(store.within("ml")) == 2
