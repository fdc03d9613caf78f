"""Whether a refresh has met what others changed: per kind of difference, and where what is read is not as expected."""

from __future__ import annotations

import json
from typing import Any

import pytest

from environment.refreshed_state import has_news

POOL = {"version": "1.1", "autoscaling": [{"max_node_count": 5}], "resource_labels": {"team": "ml"}}
MEMBERS = {"a": {"role": "r", "etag": "1"}, "b": {"role": "r", "etag": "1"}}


def state(pool: Any = POOL, members: Any = MEMBERS, version: int = 4, looked_up: str = "") -> str:
    held = [{"index_key": key, "attributes": attributes} for key, attributes in members.items()]
    pools = [] if pool is None else [{"attributes": pool}]
    kinds = [("google_container_node_pool", pools), ("google_project_iam_member", held)]
    resources: list[dict[str, Any]] = [
        {"module": "module.a", "mode": "managed", "type": kind, "name": "this", "instances": instances}
        for kind, instances in kinds
    ]
    data = {"mode": "data", "type": "google_project", "name": "this", "instances": [{"attributes": {"x": looked_up}}]}
    return json.dumps({"version": version, "serial": 1, "resources": [*resources, data]})


@pytest.mark.parametrize(
    ("refreshed", "is_news"),
    [
        (state(), False),
        (state(pool={**POOL, "version": "1.2"}), False),  # GKE's own upgrade
        (state(pool={**POOL, "resource_labels": {"team": "ml", "goog-x": "1"}}), False),
        (state(members={key: {**one, "etag": "2"} for key, one in MEMBERS.items()}), False),
        (state(looked_up="else"), False),
        (state(pool={**POOL, "version": "1.2", "autoscaling": [{"max_node_count": 9}]}), True),
        (state(pool={**POOL, "resource_labels": {"team": "other", "goog-x": "1"}}), True),
        (state(pool=None), True),
        (state(members={"a": MEMBERS["a"]}), True),
        (state(members={**MEMBERS, "c": MEMBERS["a"]}), True),
        (state(version=5), True),
    ],
)
def test_news_is_what_others_changed(refreshed: str, is_news: bool) -> None:
    assert has_news(state(), refreshed) is is_news


def test_a_resource_that_is_gone_is_news_though_nothing_is_known_of_it() -> None:
    gone = state().replace('"attributes": {"version"', '"attributes_flat": {"version"')
    assert has_news(gone, state(pool=None))


def test_a_state_without_resources_has_none() -> None:
    assert not has_news(json.dumps({"version": 4}), json.dumps({"version": 4, "resources": []}))
