from __future__ import annotations

from typing import Any

import pytest

from sandbox.kubernetes import watch

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


def make(api: Any, *names: str, labels: dict[str, str] | None = None) -> list[dict[str, Any]]:
    return [
        api.create(
            CONFIG_MAPS,
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": labels or {}}},
        )
        for name in names
    ]


def names_of(listed: dict[str, Any]) -> list[str]:
    return [item["metadata"]["name"] for item in listed["items"] if not item["metadata"]["name"].startswith("kube-")]


def test_a_list_is_sorted_and_has_the_version_of_now(api: Any) -> None:
    made = make(api, "b", "a")
    listed = api.get(CONFIG_MAPS)
    assert (listed["kind"], listed["apiVersion"]) == ("ConfigMapList", "v1")
    assert names_of(listed) == ["a", "b"]
    assert listed["metadata"]["resourceVersion"] == made[-1]["metadata"]["resourceVersion"]
    assert "kind" not in listed["items"][0]


def test_selectors(api: Any) -> None:
    make(api, "a", labels={"x": "1"})
    make(api, "b")
    assert names_of(api.get(f"{CONFIG_MAPS}?labelSelector=x")) == ["a"]
    assert names_of(api.get(f"{CONFIG_MAPS}?fieldSelector=metadata.name=b")) == ["b"]
    assert names_of(api.get("/api/v1/configmaps?labelSelector=x=1")) == ["a"]


def test_pages_show_one_moment(api: Any) -> None:
    make(api, "a", "b", "c", "d")
    first = api.get(f"{CONFIG_MAPS}?limit=2")
    assert names_of(first) == ["a", "b"]
    assert first["metadata"]["remainingItemCount"] == 3
    api.delete(f"{CONFIG_MAPS}/d")
    make(api, "cc")
    second = api.get(f"{CONFIG_MAPS}?limit=9&continue={first['metadata']['continue']}")
    assert names_of(second) == ["c", "d"]
    assert second["metadata"] == {"resourceVersion": first["metadata"]["resourceVersion"]}


def test_a_page_of_a_forgotten_moment_is_gone(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "REMEMBERED_EVENTS", 1)
    make(api, "a", "b")
    token = api.get(f"{CONFIG_MAPS}?limit=1")["metadata"]["continue"]
    make(api, "c", "d", "e")
    code, status = api.call("GET", f"{CONFIG_MAPS}?limit=1&continue={token}")
    assert (code, status["reason"]) == (410, "Expired")


def test_an_exact_version(api: Any) -> None:
    made = make(api, "a", "b")
    version = made[0]["metadata"]["resourceVersion"]
    assert names_of(api.get(f"{CONFIG_MAPS}?resourceVersion={version}&resourceVersionMatch=Exact")) == ["a"]
    assert names_of(api.get(f"{CONFIG_MAPS}?resourceVersion={version}")) == ["a", "b"]


@pytest.mark.parametrize(
    ("query", "code", "reason"),
    [
        ("resourceVersion=abc", 400, "BadRequest"),
        ("resourceVersion=99999", 504, "Timeout"),
        ("resourceVersionMatch=Exact", 422, "Invalid"),
        ("continue=x", 400, "BadRequest"),
        ("labelSelector=a in (b", 400, "BadRequest"),
        ("fieldSelector=data.x=1", 400, "BadRequest"),
    ],
)
def test_lists_that_are_refused(api: Any, query: str, code: int, reason: str) -> None:
    got, status = api.call("GET", f"{CONFIG_MAPS}?{query}")
    assert (got, status["reason"]) == (code, reason)


def test_tables_and_metadata_alone(api: Any) -> None:
    make(api, "a")
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
    table = api.request("GET", f"{CONFIG_MAPS}?fieldSelector=metadata.name=a", accept=accept).json()
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Data", "Age"]
    assert table["rows"][0]["cells"][:2] == ["a", 0]
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"
    accept = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
    partial = api.request("GET", CONFIG_MAPS, accept=accept).json()
    assert partial["kind"] == "PartialObjectMetadataList"
    assert set(partial["items"][0]) == {"kind", "apiVersion", "metadata"}


def test_a_form_that_is_not_written(api: Any) -> None:
    assert api.request("GET", CONFIG_MAPS, accept="image/png").status_code == 406


def test_yaml(api: Any) -> None:
    make(api, "a")
    answer = api.request("GET", f"{CONFIG_MAPS}/a", accept="application/yaml")
    assert answer.headers["content-type"] == "application/yaml"
    assert "kind: ConfigMap" in answer.text
