"""The checks of an OpenAPI v3 structural schema on one value, in the words of kube-openapi's `validate`.

Types, nullable, required, enum, pattern, lengths, bounds, formats, items, properties, allOf/anyOf/oneOf/not,
x-kubernetes-int-or-string, x-kubernetes-embedded-resource, and uniqueness in lists of type set and map.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import ipaddress
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from sandbox.kubernetes.causes import Cause, duplicate, invalid, required, too_long, too_many, unsupported, wrong_type
from sandbox.kubernetes.merge import same

Raw = Mapping[str, Any]
# What a failing composition is reported under: it has no field of its own.
NO_FIELD = ""


def check_value(value: Any, raw: Raw, path: str) -> list[Cause]:
    """Return what violates the schema at this path and below, uniqueness of list items last."""
    return check(value, raw, path) + _check_uniqueness(value, raw, path)


def check(value: Any, raw: Raw, path: str) -> list[Cause]:
    """Return what violates the schema at this path and below."""
    causes = _check_type(value, raw, path)
    if value is None:
        return causes
    causes += _check_compositions(value, raw, path)
    if isinstance(value, str):
        causes += _check_string(value, raw, path)
    elif isinstance(value, list):
        causes += _check_list(value, raw, path)
    elif not isinstance(value, bool | dict):
        causes += _check_number(value, raw, path)
    causes += _check_enum(value, raw, path)
    if isinstance(value, dict):
        causes += _check_object(value, raw, path)
    return causes


# --- types -----------------------------------------------------------------------------------------------------


def _types(raw: Raw) -> tuple[str, ...]:
    if raw.get("x-kubernetes-int-or-string"):
        return ("integer", "string")
    return (raw["type"],) if raw.get("type") else ()


def json_type(value: Any) -> str:
    """Return the JSON type of a value."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, float):
        return "number"
    return {dict: "object", list: "array", str: "string", int: "integer"}.get(type(value), "null")


def _check_type(value: Any, raw: Raw, path: str) -> list[Cause]:
    allowed = _types(raw)
    if not allowed:
        return []
    actual = json_type(value)
    if value is None:
        fits = bool(raw.get("nullable"))
    else:
        fits = (
            actual in allowed
            or (actual == "integer" and "number" in allowed)
            or (actual == "number" and "integer" in allowed and float(value).is_integer())
        )
    if fits:
        return []
    return [wrong_type(path, actual, f'{path} in body must be of type {",".join(allowed)}: "{actual}"')]


def _check_enum(value: Any, raw: Raw, path: str) -> list[Cause]:
    allowed = raw.get("enum")
    if not allowed or any(same(value, item) for item in allowed):
        return []
    return [unsupported(path, value, allowed)]


# --- scalars ---------------------------------------------------------------------------------------------------


def _check_string(value: str, raw: Raw, path: str) -> list[Cause]:
    causes = _check_text(value, raw, path)
    form = raw.get("format")
    is_format = _FORMATS.get(str(form)) if form else None
    if is_format is not None and not is_format(value):
        causes.append(wrong_type(path, value, f'{path} in body must be of type {form}: "{value}"'))
    return causes


def _check_text(value: str, raw: Raw, path: str) -> list[Cause]:
    """Check lengths and pattern; the server tells the first of them only."""
    longest, shortest, pattern = raw.get("maxLength"), raw.get("minLength"), raw.get("pattern")
    if longest is not None and len(value) > longest:
        return [too_long(path, longest)]
    if shortest is not None and len(value) < shortest:
        return [invalid(path, value, f"{path} in body should be at least {shortest} chars long")]
    if pattern and not _compiled(pattern).search(value):
        return [invalid(path, value, f"{path} in body should match '{pattern}'")]
    return []


def _check_number(value: float, raw: Raw, path: str) -> list[Cause]:
    causes = []
    multiple, most, least = (raw.get(key) for key in ("multipleOf", "maximum", "minimum"))
    if multiple and value % multiple:
        causes.append(invalid(path, value, f"{path} in body should be a multiple of {number_text(multiple)}"))
    if most is not None and (value >= most if raw.get("exclusiveMaximum") else value > most):
        what = "less than" if raw.get("exclusiveMaximum") else "less than or equal to"
        causes.append(invalid(path, value, f"{path} in body should be {what} {number_text(most)}"))
    if least is not None and (value <= least if raw.get("exclusiveMinimum") else value < least):
        what = "greater than" if raw.get("exclusiveMinimum") else "greater than or equal to"
        causes.append(invalid(path, value, f"{path} in body should be {what} {number_text(least)}"))
    return causes


def number_text(value: float) -> str:
    """Write a number as Go's %v does: without a fraction that is none."""
    return str(int(value)) if float(value).is_integer() else repr(value)


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    # Go's \z and \Q…\E are not Python's; patterns of resource schemas use neither.
    return re.compile(re.sub(r"(?<!\\)\$$", r"\\Z", pattern), re.ASCII)


def _parses(parse: Callable[[str], Any]) -> Callable[[str], bool]:
    def is_parsed(value: str) -> bool:
        try:
            parse(value)
        except (ValueError, binascii.Error):
            return False
        return True

    return is_parsed


_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:?\d\d)")
_DURATION = re.compile(r"[+-]?(0|((\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h|d|w))+)")
_HOST = re.compile(r"([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*")
_FORMATS: dict[str, Callable[[str], bool]] = {
    "date": _parses(datetime.date.fromisoformat),
    "date-time": lambda value: bool(_DATE_TIME.fullmatch(value)),
    "byte": _parses(lambda value: base64.b64decode(value, validate=True)),
    "ipv4": _parses(ipaddress.IPv4Address),
    "ipv6": _parses(ipaddress.IPv6Address),
    "cidr": _parses(lambda value: ipaddress.ip_network(value, strict=False)),
    "uuid": lambda value: bool(re.fullmatch(r"[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}", value)),
    "uri": lambda value: bool(re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|/", value)),
    "email": lambda value: bool(re.fullmatch(r"[^@\s]+@[^@\s]+", value)),
    "hostname": lambda value: len(value) <= 255 and bool(_HOST.fullmatch(value)),
    "duration": lambda value: bool(_DURATION.fullmatch(value)),
}


# --- lists and objects -----------------------------------------------------------------------------------------


def _check_list(value: list[Any], raw: Raw, path: str) -> list[Cause]:
    causes: list[Cause] = []
    items = raw.get("items")
    if isinstance(items, Mapping):
        for index, item in enumerate(value):
            causes += check(item, items, f"{path}[{index}]")
    least, most = raw.get("minItems"), raw.get("maxItems")
    if least is not None and len(value) < least:
        causes.append(invalid(path, len(value), f"{path} in body should have at least {least} items"))
    if most is not None and len(value) > most:
        causes.append(too_many(path, len(value), most))
    if raw.get("uniqueItems") and any(same(item, other) for at, item in enumerate(value) for other in value[:at]):
        causes.append(invalid(path, "", f"{path} in body shouldn't contain duplicates"))
    return causes


def _check_object(value: dict[str, Any], raw: Raw, path: str) -> list[Cause]:
    causes: list[Cause] = []
    least, most = raw.get("minProperties"), raw.get("maxProperties")
    if least is not None and len(value) < least:
        causes.append(invalid(path, len(value), f"{path} in body should have at least {least} properties"))
    if most is not None and len(value) > most:
        causes.append(too_many(path, len(value), most))
    properties: Raw = raw.get("properties") or {}
    extra = raw.get("additionalProperties")
    for key, item in value.items():
        declared = properties.get(key, extra)
        if isinstance(declared, Mapping) and "$ref" not in declared:
            causes += check(item, declared, f"{path}.{key}" if path else key)
    for key in raw.get("required") or ():
        if key not in value:
            causes.append(required(f"{path}.{key}" if path else key))
    if raw.get("x-kubernetes-embedded-resource"):
        for key in ("apiVersion", "kind"):
            if not value.get(key):
                causes.append(required(f"{path}.{key}", "must not be empty"))
    return causes


def _check_compositions(value: Any, raw: Raw, path: str) -> list[Cause]:
    causes: list[Cause] = []
    for name, told in (("anyOf", "at least one schema (anyOf)"), ("oneOf", "one and only one schema (oneOf).")):
        alternatives = raw.get(name)
        if not alternatives:
            continue
        results = [check(value, alternative, path) for alternative in alternatives]
        valid = sum(not result for result in results)
        if valid == 1 or (valid and name == "anyOf"):
            continue
        found = "" if name == "anyOf" else f" Found {valid} valid alternatives" if valid else " Found none valid"
        causes.append(invalid(NO_FIELD, "", f'"{path}" must validate {told}{found}'))
        if not valid:
            causes += sorted(results, key=len)[0]
    results = [check(value, part, path) for part in raw.get("allOf") or ()]
    causes += [cause for result in results for cause in result]
    if any(results):
        none = ". None validated" if all(results) else ""
        causes.append(invalid(NO_FIELD, "", f'"{path}" must validate all the schemas (allOf){none}'))
    if raw.get("not") and not check(value, raw["not"], path):
        causes.append(invalid(NO_FIELD, "", f'"{path}" must not validate the schema (not)'))
    return causes


# --- lists of type set and map ---------------------------------------------------------------------------------


def _check_uniqueness(value: Any, raw: Raw, path: str) -> list[Cause]:
    causes: list[Cause] = []
    if isinstance(value, dict):
        properties: Raw = raw.get("properties") or {}
        for key, item in value.items():
            declared = properties.get(key, raw.get("additionalProperties"))
            if isinstance(declared, Mapping) and "$ref" not in declared:
                causes += _check_uniqueness(item, declared, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        causes += _duplicates(value, raw, path)
        items = raw.get("items")
        if isinstance(items, Mapping):
            for index, item in enumerate(value):
                causes += _check_uniqueness(item, items, f"{path}[{index}]")
    return causes


def _duplicates(value: list[Any], raw: Raw, path: str) -> list[Cause]:
    kind = raw.get("x-kubernetes-list-type")
    if kind == "set":
        identities: list[Any] = value
    elif kind == "map":
        names = raw.get("x-kubernetes-list-map-keys") or ()
        identities = [{key: item[key] for key in names if key in item} for item in value if isinstance(item, dict)]
    else:
        return []
    return [
        duplicate(f"{path}[{index}]", identity)
        for index, identity in enumerate(identities)
        if sum(same(identity, earlier) for earlier in identities[:index]) == 1
    ]
