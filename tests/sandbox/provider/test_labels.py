"""Labels: the user's, those that Terraform manages, and all."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.provider.labels import observe_labels, plan_labels
from sandbox.provider.settings import Settings
from sandbox.provider.wire import UNKNOWN

SETTINGS = Settings(default_labels={"env": "test"})
MARK = {"goog-terraform-provisioned": "true"}
MANAGED = {"env": "test", "a": "b", **MARK}


def planned(own: Any, prior: dict[str, Any] | None, settings: Settings = SETTINGS) -> dict[str, Any]:
    values: dict[str, Any] = {"labels": own}
    plan_labels(values, prior, "labels", settings)
    return values


def test_a_new_object_is_marked_as_terraforms() -> None:
    assert planned({"a": "b"}, None)["effective_labels"] == MANAGED


def test_the_users_label_wins_over_the_default() -> None:
    assert planned({"env": "mine"}, None)["effective_labels"]["env"] == "mine"


def test_labels_of_others_stay() -> None:
    prior = {"terraform_labels": MANAGED, "effective_labels": {**MANAGED, "goog-other": "x"}}
    assert planned({}, prior)["effective_labels"] == {"env": "test", **MARK, "goog-other": "x"}


def test_an_object_that_was_not_marked_is_not_marked_later() -> None:
    assert MARK.items() <= planned({}, None)["terraform_labels"].items()
    assert planned({}, {"terraform_labels": {}, "effective_labels": {}})["terraform_labels"] == {"env": "test"}


def test_what_is_not_known_yet_makes_all_unknown() -> None:
    assert planned({"a": UNKNOWN}, None)["effective_labels"] is UNKNOWN


@pytest.mark.parametrize(
    ("found", "labels", "managed"),
    [
        (MANAGED, {"a": "b"}, MANAGED),
        ({**MANAGED, "x": "y"}, {"a": "b"}, MANAGED),
        ({**MANAGED, "a": "c"}, {"a": "c"}, {**MANAGED, "a": "c"}),
        (MARK, None, MARK),
        ({"env": "test", "a": "b"}, {"a": "b"}, {"env": "test", "a": "b", "goog-terraform-provisioned": ""}),
    ],
)
def test_a_reading_shows_only_keys_that_were_held(found: dict[str, str], labels: Any, managed: dict[str, str]) -> None:
    state: dict[str, Any] = {"labels": {"a": "b"}, "terraform_labels": MANAGED}
    observe_labels(state, "labels", found)
    assert state == {"labels": labels, "terraform_labels": managed, "effective_labels": found}
