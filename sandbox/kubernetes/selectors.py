"""Label and field selectors.

Source: `k8s.io/apimachinery/pkg/labels` and `fields`; what fields a kind can be selected by is in each kind's
`AddFieldLabelConversionFunc` and `ToSelectableFields`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.kubernetes.status import ApiError, bad_request

Object = dict[str, Any]
Predicate = Callable[[Object], bool]

_REQUIREMENT = re.compile(
    r"\s*(?P<absent>!)?\s*(?P<key>[^\s,!=()<>]+)\s*"
    r"(?:(?P<set>in|notin)\s*\((?P<values>[^)]*)\)|(?P<operator>==|=|!=|>|<)\s*(?P<value>[^\s,!=()<>]*))?"
    r"\s*(?:,|$)"
)
_OPERATORS = {"=": "in", "==": "in", "!=": "notin", ">": ">", "<": "<"}
# A label's key, an operator and its values.
_Requirement = tuple[str, str, tuple[str, ...]]

_EVENT_FIELDS = (
    *(f"involvedObject.{name}" for name in ("kind", "namespace", "name", "uid", "apiVersion", "fieldPath")),
    "involvedObject.resourceVersion",
    "reason",
    "reportingComponent",
    "source",
    "type",
)
# What built-in kinds can be selected by, apart from metadata.name and metadata.namespace.
SELECTABLE: dict[tuple[str, str], tuple[str, ...]] = {
    ("", "events"): _EVENT_FIELDS,
    ("events.k8s.io", "events"): (
        *(f"regarding.{name}" for name in ("kind", "namespace", "name", "uid", "apiVersion", "fieldPath")),
        "reason",
        "reportingController",
        "type",
    ),
    ("", "namespaces"): ("status.phase",),
    ("", "nodes"): ("spec.unschedulable",),
    ("", "pods"): (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    ("", "replicationcontrollers"): ("status.replicas",),
    ("", "secrets"): ("type",),
    ("", "services"): ("spec.clusterIP", "spec.type"),
    ("apps", "replicasets"): ("status.replicas",),
    ("batch", "jobs"): ("status.successful",),
    ("certificates.k8s.io", "certificatesigningrequests"): ("spec.signerName",),
}
_ELSEWHERE = {"source": "source.component", "status.successful": "status.succeeded"}
_ABSENT = {"status.replicas": "0", "status.successful": "0", "spec.unschedulable": "false", "spec.hostNetwork": "false"}


def parse_label_selector(text: str) -> Predicate:
    """Return what a `labelSelector` selects.

    Raises:
        ApiError: It cannot be read.
    """
    requirements = _parse_requirements(text)
    return lambda obj: _matches(requirements, obj["metadata"].get("labels") or {})


def _parse_requirements(text: str) -> list[_Requirement]:
    requirements = []
    position = 0
    while position < len(text.rstrip()):
        match = _REQUIREMENT.match(text, position)
        if match is None or (match["absent"] and (match["set"] or match["operator"])):
            raise bad_request(f"unable to parse requirement: found {text[position:].strip()!r}")
        requirements.append(_requirement(match))
        position = match.end()
    return requirements


def _requirement(match: re.Match[str]) -> _Requirement:
    if match["set"]:
        return match["key"], match["set"], tuple(value.strip() for value in match["values"].split(","))
    if match["operator"]:
        return match["key"], _OPERATORS[match["operator"]], (match["value"],)
    return match["key"], "absent" if match["absent"] else "exists", ()


def _matches(requirements: list[_Requirement], labels: Mapping[str, str]) -> bool:
    return all(_meets(labels.get(key), operator, values) for key, operator, values in requirements)


def _meets(value: str | None, operator: str, values: tuple[str, ...]) -> bool:
    if operator == "in":
        return value is not None and value in values
    if operator == "notin":
        return value is None or value not in values
    if operator in ("exists", "absent"):
        return (value is not None) == (operator == "exists")
    try:
        number, bound = int(value or ""), int(values[0])
    except ValueError:
        return False
    return number > bound if operator == ">" else number < bound


def matches_label_selector(selector: Object | None, labels: Mapping[str, str]) -> bool:
    """Say whether a `metav1.LabelSelector` selects labels. An empty one selects all, a missing one nothing."""
    if selector is None:
        return False
    operators = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "absent"}
    requirements: list[_Requirement] = [
        (key, "in", (value,)) for key, value in (selector.get("matchLabels") or {}).items()
    ]
    requirements += [
        (each["key"], operators[each["operator"]], tuple(each.get("values") or ()))
        for each in selector.get("matchExpressions") or []
    ]
    return _matches(requirements, labels)


def format_labels(labels: Mapping[str, str] | None) -> str:
    """Write labels down as kubectl does."""
    return ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items())) or "<none>"


def format_label_selector(selector: Object | None) -> str:
    """Write a `metav1.LabelSelector` down as kubectl does."""
    if selector is None:
        return "<none>"
    texts = [(key, f"{key}={value}") for key, value in (selector.get("matchLabels") or {}).items()]
    for each in selector.get("matchExpressions") or []:
        key, values = each["key"], ",".join(sorted(each.get("values") or []))
        forms = {
            "In": f"{key} in ({values})",
            "NotIn": f"{key} notin ({values})",
            "Exists": key,
            "DoesNotExist": f"!{key}",
        }
        texts.append((key, forms[each["operator"]]))
    return ",".join(text for _, text in sorted(texts)) or "<none>"


def parse_field_selector(text: str, selectable: tuple[str, ...]) -> Predicate:
    """Return what a `fieldSelector` selects.

    Args:
        text: Such as `metadata.name=x,status.phase!=Running`.
        selectable: The fields of the kind apart from its name and namespace.

    Raises:
        ApiError: It cannot be read, or asks for another field.
    """
    terms = [_field_term(term) for term in text.split(",") if term]
    for path, _, _ in terms:
        if path not in ("metadata.name", "metadata.namespace", *selectable):
            raise _unsupported(path)
    return lambda obj: all((field_text(obj, path) == value) == equal for path, equal, value in terms)


def _field_term(term: str) -> tuple[str, bool, str]:
    for operator, equal in (("!=", False), ("==", True), ("=", True)):
        path, found, value = term.partition(operator)
        if found:
            return path.strip(), equal, value.strip()
    raise bad_request(f"invalid selector: '{term}'; can't understand '{term}'")


def _unsupported(path: str) -> ApiError:
    return bad_request(f"field label not supported: {path}")


def field_text(obj: Object, path: str) -> str:
    """Return a field as selectors see it: text, empty where it is missing."""
    value: Any = obj
    for name in _ELSEWHERE.get(path, path).split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if value is None:
        return _ABSENT.get(path, "")
    return str(value).lower() if isinstance(value, bool) else str(value)
