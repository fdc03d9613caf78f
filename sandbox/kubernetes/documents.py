"""Request bodies: JSON or YAML to objects, with the fields that occur twice in them."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar

from sandbox.kubernetes.status import bad_request, unsupported_media_type

Object = dict[str, Any]

JSON = "application/json"
YAML = "application/yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"


class _Doubled(dict[str, Any]):
    """A JSON object in which some keys came twice."""

    doubled: tuple[str, ...] = ()


def media_type(content_type: str) -> str:
    """Return a content type without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def parse_object(body: bytes, content_type: str) -> tuple[Object, list[str]]:
    """Parse the object in a request's body.

    Returns:
        The object and the paths of fields that occur twice in it.

    Raises:
        ApiError: The form is not read here (415) or the body is no object (400).
    """
    kind = media_type(content_type) or JSON
    if kind == PROTOBUF:
        from sandbox.kubernetes.protobuf import decode_protobuf

        return decode_protobuf(body), []
    if kind not in (JSON, YAML):
        raise unsupported_media_type((JSON, YAML, PROTOBUF))
    return parse_document(body, is_yaml=kind == YAML)


def parse_document(body: bytes, *, is_yaml: bool) -> tuple[Object, list[str]]:
    """Parse JSON, or YAML where that is allowed; most clients send JSON then too.

    Raises:
        ApiError: It is neither (400).
    """
    found: list[str] = []
    try:
        value = json.loads(body, object_pairs_hook=_hook(found))
    except ValueError as error:
        if not is_yaml:
            problem = f"couldn't get version/kind; json parse error: {error}"
            raise bad_request(f"the object provided is unrecognized: {problem}") from error
        value = _parse_yaml(body)
    if not isinstance(value, dict):
        raise bad_request("couldn't get version/kind; json parse error: the body is no object")
    return value, sorted(set(_doubled_paths(value, ""))) if found else []


def _hook(found: list[str]) -> Any:
    def build(pairs: list[tuple[str, Any]]) -> Object:
        built = dict(pairs)
        if len(built) == len(pairs):
            return built
        keys = [key for key, _ in pairs]
        marked = _Doubled(built)
        marked.doubled = tuple(key for key in built if keys.count(key) > 1)
        found.extend(marked.doubled)
        return marked

    return build


def _doubled_paths(value: Any, path: str) -> list[str]:
    if isinstance(value, list):
        return [each for index, item in enumerate(value) for each in _doubled_paths(item, f"{path}[{index}]")]
    if not isinstance(value, dict):
        return []
    prefix = f"{path}." if path else ""
    own = [f"{prefix}{key}" for key in value.doubled] if isinstance(value, _Doubled) else []
    return own + [each for key, item in value.items() for each in _doubled_paths(item, prefix + key)]


def _parse_yaml(body: bytes) -> Any:
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """YAML without dates, which are texts in manifests, and with y and n for yes and no."""

        bool_values: ClassVar[dict[str, bool]] = {**yaml.SafeLoader.bool_values, "y": True, "n": False}

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in Loader.yaml_implicit_resolvers.items()
    }
    Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^[yYnN]$"), list("yYnN"))
    try:
        return yaml.load(body, Loader=Loader)
    except yaml.YAMLError as error:
        raise bad_request(f"error decoding YAML: {error}") from error
