"""Names, labels, annotations and finalizers: what makes an object's metadata invalid, in the server's words.

Source: `k8s.io/apimachinery/pkg/util/validation` and `pkg/api/validation` of Kubernetes 1.33.
"""

from __future__ import annotations

import json
import re
from typing import Any

from sandbox.kubernetes.causes import Cause, invalid
from sandbox.kubernetes.resources import Resource

Object = dict[str, Any]

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})*")
DNS_LABEL = re.compile(_LABEL)
_SERVICE = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_QUALIFIED = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_LABEL_VALUE = re.compile(f"({_QUALIFIED})?")
_LABEL_NAME = re.compile(_QUALIFIED)

_SUBDOMAIN_TEXT = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
DNS_LABEL_TEXT = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_SERVICE_TEXT = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')"
)
_LABEL_VALUE_TEXT = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_LABEL_NAME_TEXT = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_NAMED_LIKE_PATHS = frozenset({"rbac.authorization.k8s.io"})


def check_metadata(resource: Resource, obj: Object) -> list[Cause]:
    """Return what is wrong with an object's name, labels and annotations."""
    metadata = obj["metadata"]
    return [
        *check_name(resource, metadata.get("name", ""), "metadata.name"),
        *_check_labels(metadata.get("labels") or {}, "metadata.labels"),
        *_check_annotations(metadata.get("annotations") or {}),
    ]


def check_finalizers(old: Object, new: Object) -> list[Cause]:
    """Return what is wrong with the finalizers of an object that goes away: none may be added."""
    if not old["metadata"].get("deletionTimestamp"):
        return []
    before = old["metadata"].get("finalizers") or []
    added = [name for name in new["metadata"].get("finalizers") or [] if name not in before]
    if not added:
        return []
    text = (
        "Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers "
        f"[]string{{{', '.join(json.dumps(name) for name in added)}}}"
    )
    return [Cause("metadata.finalizers", "FieldValueForbidden", text)]


def check_name(resource: Resource, name: str, field: str) -> list[Cause]:
    """Return what is wrong with a name of a kind."""
    if resource.group in _NAMED_LIKE_PATHS:
        wrong = [part for part in ("/", "%") if part in name]
        return [invalid(field, name, f"may not contain '{part}'") for part in wrong]
    if resource.group == "" and resource.plural == "namespaces":
        pattern, text, longest = DNS_LABEL, DNS_LABEL_TEXT, 63
    elif resource.group == "" and resource.plural == "services":
        pattern, text, longest = _SERVICE, _SERVICE_TEXT, 63
    else:
        pattern, text, longest = _SUBDOMAIN, _SUBDOMAIN_TEXT, 253
    causes = [] if pattern.fullmatch(name) else [invalid(field, name, text)]
    if len(name) > longest:
        causes.append(invalid(field, name, f"must be no more than {longest} characters"))
    return causes


def _check_labels(labels: dict[str, Any], field: str) -> list[Cause]:
    causes = []
    for key, value in labels.items():
        causes += _check_key(key, field)
        if not _LABEL_VALUE.fullmatch(value):
            causes.append(invalid(field, value, _LABEL_VALUE_TEXT))
        if len(value) > 63:
            causes.append(invalid(field, value, "must be no more than 63 characters"))
    return causes


def _check_key(key: str, field: str) -> list[Cause]:
    prefix, has_prefix, name = key.rpartition("/")
    causes = []
    if has_prefix and not _SUBDOMAIN.fullmatch(prefix):
        causes.append(invalid(field, key, f"prefix part {_SUBDOMAIN_TEXT}"))
    if not name:
        causes.append(invalid(field, key, "name part must be non-empty"))
    if not _LABEL_NAME.fullmatch(name):
        causes.append(invalid(field, key, _LABEL_NAME_TEXT))
    if len(name) > 63:
        causes.append(invalid(field, key, "name part must be no more than 63 characters"))
    return causes


def _check_annotations(annotations: dict[str, Any]) -> list[Cause]:
    causes = [cause for key in annotations for cause in _check_key(key.lower(), "metadata.annotations")]
    size = sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items())
    if size > 256 * 1024:
        causes.append(Cause("metadata.annotations", "FieldValueTooLong", "Too long: may not be more than 262144 bytes"))
    return causes
