"""What texts name: Services by host, and what the documents inside ConfigMaps name for the pods they will make.

A text is no typed reference, so only forms that leave no doubt count: a host in a namespace that we fill, written with
a port or as `.svc` (`minio-service.ml:9000`, `ml-pipeline.ml.svc`) or alone; a bare name as the value of a setting
whose name ends in "host"; and the fields `serviceAccountName` and `…Secret: {name, key}` of a document in a ConfigMap.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from environment.objects import Manifest
from environment.pod_references import Reference, containers, pod_spec

LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?<![\w.@-])({LABEL})\.({LABEL})(?:\.svc(?:\.cluster\.local)?(?![\w.-])|(?=:\d))")
_HOST_ALONE = re.compile(rf"({LABEL})\.({LABEL})")
_HOST_SETTING = re.compile(r"(?:^|[_-])(?:host|HOST)(?:[_-]?(?:name|NAME))?$|[a-z0-9]Host$")
_NAME = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_NO_NAMES = ("localhost", "true", "false")


def host_references(manifest: Manifest, namespaces: set[str]) -> Iterator[Reference]:
    """Yield the Services and accounts that an object's texts name in these namespaces."""
    origin = Reference.of(manifest)
    for name, text in _settings(manifest):
        hosts = [*_HOST.finditer(text)] or [match for match in [_HOST_ALONE.fullmatch(text)] if match]
        for host in hosts:
            if host[2] in namespaces:
                yield origin.to("Service", host[1], namespace=host[2])
        if _HOST_SETTING.search(name) and _NAME.fullmatch(text) and text not in _NO_NAMES:
            yield origin.to("Service", text)
    if manifest["kind"] == "ConfigMap":
        for text in (manifest.get("data") or {}).values():
            yield from _document_references(origin, text)


def _settings(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Yield (name, text) of ConfigMap entries, environment variables, commands and arguments."""
    if manifest["kind"] == "ConfigMap":
        yield from (manifest.get("data") or {}).items()
    for container in containers(pod_spec(manifest) or {}):
        for variable in container.get("env") or []:
            yield variable["name"], variable.get("value") or ""
        for argument in [*(container.get("command") or []), *(container.get("args") or [])]:
            name, _, value = argument.lstrip("-").partition("=")
            yield name, value or name


def _document_references(origin: Reference, text: str) -> Iterator[Reference]:
    """Read a ConfigMap's entry as YAML or JSON, where it is some."""
    if "serviceAccountName" not in text and "Secret" not in text:
        return
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError:
        return
    yield from _named_in(origin, document)


def _named_in(origin: Reference, value: Any) -> Iterator[Reference]:
    if isinstance(value, list):
        for item in value:
            yield from _named_in(origin, item)
    if not isinstance(value, dict):
        return
    for field, item in value.items():
        if field == "serviceAccountName" and isinstance(item, str):
            yield origin.to("ServiceAccount", item)
        elif str(field).endswith("Secret") and isinstance(item, dict) and isinstance(item.get("name"), str):
            yield origin.to("Secret", item["name"], item.get("key"))
        else:
            yield from _named_in(origin, item)
