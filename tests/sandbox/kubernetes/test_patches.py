from __future__ import annotations

import copy
from typing import Any

import pytest

from sandbox.kubernetes.patches import PatchError, json_patch, merge_patch, strategic_merge_patch
from sandbox.kubernetes.types import Schema, builtin_schema, crd_schema


@pytest.mark.parametrize(
    ("obj", "patch", "patched"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        ({"a": [1]}, {"a": {"b": 1}}, {"a": {"b": 1}}),
    ],
)
def test_merge_patch(obj: dict[str, Any], patch: dict[str, Any], patched: dict[str, Any]) -> None:
    assert merge_patch(obj, patch) == patched


def test_a_merge_patch_is_an_object() -> None:
    with pytest.raises(PatchError, match="error decoding patch: json: cannot unmarshal array") as raised:
        merge_patch({}, [1])
    assert raised.value.code == 400


@pytest.mark.parametrize(
    ("obj", "operations", "patched"),
    [
        ({"a": 1}, [{"op": "add", "path": "/b", "value": [1]}], {"a": 1, "b": [1]}),
        ({"a": [1, 3]}, [{"op": "add", "path": "/a/1", "value": 2}], {"a": [1, 2, 3]}),
        ({"a": [1]}, [{"op": "add", "path": "/a/-", "value": 2}], {"a": [1, 2]}),
        ({"a": [1, 2]}, [{"op": "remove", "path": "/a/-1"}], {"a": [1]}),
        ({"a": {"b/c": 1}}, [{"op": "remove", "path": "/a/b~1c"}], {"a": {}}),
        ({"a~": 1}, [{"op": "replace", "path": "/a~0", "value": 2}], {"a~": 2}),
        ({"a": 1}, [{"op": "move", "from": "/a", "path": "/b"}], {"b": 1}),
        ({"a": [1]}, [{"op": "copy", "from": "/a", "path": "/b"}, {"op": "add", "path": "/b/0", "value": 0}], None),
        ({"a": 1}, [{"op": "test", "path": "/a", "value": 1}, {"op": "add", "path": "/b", "value": 2}], None),
        ({"a": 1}, [{"op": "replace", "path": "", "value": {"c": 3}}], {"c": 3}),
        ({"a": {}}, [{"op": "replace", "path": "/a/new", "value": 1}], {"a": {"new": 1}}),
    ],
)
def test_json_patch(obj: dict[str, Any], operations: list[Any], patched: dict[str, Any] | None) -> None:
    before = copy.deepcopy((obj, operations))
    expected = patched or {"a": obj["a"], "b": [0, 1] if isinstance(obj["a"], list) else 2}
    assert json_patch(obj, operations) == expected
    assert (obj, operations) == before


@pytest.mark.parametrize(
    ("operation", "detail"),
    [
        ({"op": "test", "path": "/a", "value": True}, "testing value /a failed: test failed"),
        ({"op": "remove", "path": "/b"}, "Unable to remove nonexistent key: b"),
        ({"op": "remove", "path": "/l/7"}, "Unable to access invalid index: 7"),
        ({"op": "add", "path": "/x/y", "value": 1}, 'doc is missing path: "/x/y"'),
        ({"op": "add", "path": "/l/x", "value": 1}, "invalid syntax"),
        ({"op": "replace", "path": "/l/3", "value": 1}, "doc is missing key: /l/3"),
        ({"op": "move", "from": "/b", "path": "/c"}, "nonexistent key: b"),
        ({"op": "add", "value": 1}, "missing path field"),
        ({"op": "jump", "path": "/a"}, "Unexpected kind: jump"),
    ],
)
def test_json_patches_that_do_not_apply(operation: dict[str, Any], detail: str) -> None:
    with pytest.raises(PatchError, match="the server rejected our request due to an error in our request") as raised:
        json_patch({"a": 1, "l": []}, [operation])
    assert raised.value.code == 422
    assert detail in raised.value.detail


@pytest.mark.parametrize(("operations", "code"), [({"op": "add"}, 400), ([1], 400), ([{}] * 10001, 413)])
def test_malformed_json_patches(operations: Any, code: int) -> None:
    with pytest.raises(PatchError) as raised:
        json_patch({}, operations)
    assert raised.value.code == code


@pytest.fixture(scope="module")
def pod() -> Schema:
    schema = builtin_schema("", "v1", "Pod")
    assert schema is not None
    return schema


CONTAINERS = [
    {"name": "a", "image": "1", "args": ["x"], "ports": [{"containerPort": 80}]},
    {"name": "b", "image": "1", "env": [{"name": "E", "value": "e"}]},
]
VOLUMES = [{"name": "v", "configMap": {"name": "c"}}]


@pytest.mark.parametrize(
    ("patch", "path", "result"),
    [
        ({"spec": {"containers": [{"name": "a", "image": "2"}]}}, "containers/0/image", "2"),
        ({"spec": {"containers": [{"name": "a", "args": ["y"]}]}}, "containers/0/args", ["y"]),
        (
            {"spec": {"containers": [{"name": "b", "env": [{"name": "F", "value": "f"}]}]}},
            "containers/1/env",
            [{"name": "F", "value": "f"}, {"name": "E", "value": "e"}],
        ),
        ({"spec": {"containers": [{"name": "a", "$patch": "delete"}]}}, "containers", CONTAINERS[1:]),
        ({"spec": {"containers": [{"$patch": "replace"}, {"name": "z"}]}}, "containers", [{"name": "z"}]),
        ({"spec": {"volumes": [{"name": "v", "$retainKeys": ["name", "emptyDir"], "emptyDir": {}}]}}, "volumes", None),
        ({"spec": {"nodeSelector": {"$patch": "replace", "y": "2"}}}, "nodeSelector", {"y": "2"}),
        ({"spec": {"nodeSelector": {"$patch": "delete"}}}, "nodeSelector", {}),
        ({"spec": {"nodeSelector": {"x": None, "y": "2"}}}, "nodeSelector", {"y": "2"}),
        ({"spec": {"tolerations": [{"key": "n"}]}}, "tolerations", [{"key": "n"}]),
        (
            {"spec": {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]}},
            "containers",
            [CONTAINERS[1], CONTAINERS[0]],
        ),
        ({"spec": {"affinity": {"nodeAffinity": {"x": None}}}}, "affinity", {"nodeAffinity": {}}),
    ],
)
def test_strategic_merge_patch(pod: Schema, patch: dict[str, Any], path: str, result: Any) -> None:
    obj = {
        "spec": {
            "containers": CONTAINERS,
            "volumes": VOLUMES,
            "nodeSelector": {"x": "1"},
            "tolerations": [{"key": "k"}],
        }
    }
    before = copy.deepcopy(obj)
    found: Any = strategic_merge_patch(obj, patch, pod)["spec"]
    for part in path.split("/"):
        found = found[int(part)] if isinstance(found, list) else found[part]
    assert found == (result if result is not None else [{"name": "v", "emptyDir": {}}])
    assert obj == before


def test_items_of_a_primitive_list_are_added_and_removed(pod: Schema) -> None:
    obj = {"metadata": {"finalizers": ["a", "b"]}}
    added = strategic_merge_patch(obj, {"metadata": {"finalizers": ["c", "a"]}}, pod)
    assert added["metadata"]["finalizers"] == ["c", "a", "b"]
    removed = strategic_merge_patch(obj, {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"]}}, pod)
    assert removed["metadata"]["finalizers"] == ["b"]


@pytest.mark.parametrize(
    ("patch", "code", "problem"),
    [
        ({"spec": {"$patch": "jump"}}, 500, "unknown patch type: jump in map: map[$patch:jump]"),
        ({"spec": {"$retainKeys": "x"}}, 400, "invalid patch format of retainKeys"),
        ({"spec": {"$retainKeys": ["a"], "b": 1}}, 400, "invalid patch format of retainKeys"),
        (
            {"spec": {"containers": [{"image": "x"}]}},
            500,
            "map: map[image:x] does not contain declared merge key: name",
        ),
        ({"metadata": {"finalizers": [["x"]]}}, 422, "lists of lists are not supported"),
    ],
)
def test_malformed_strategic_merge_patches(pod: Schema, patch: dict[str, Any], code: int, problem: str) -> None:
    obj = {"metadata": {"finalizers": ["a"]}, "spec": {"containers": CONTAINERS}}
    with pytest.raises(PatchError) as raised:
        strategic_merge_patch(obj, patch, pod)
    assert (raised.value.code, str(raised.value)) == (code, problem)


def test_custom_resources_take_no_strategic_merge_patch() -> None:
    with pytest.raises(PatchError, match="strategic merge patch format is not supported"):
        strategic_merge_patch({}, {}, crd_schema({"type": "object"}))
