"""What is wrong with one field, as a Status' causes say it (k8s.io/apimachinery/pkg/util/validation/field)."""

from __future__ import annotations

import json
from typing import Any, NamedTuple


class Cause(NamedTuple):
    """One cause: `field` as `spec.ports[0].name`, `reason` as FieldValueRequired, `message` without the field."""

    field: str
    reason: str
    message: str

    @property
    def text(self) -> str:
        """The cause as the Status' message shows it, with the field in front."""
        return f"{self.field}: {self.message}"

    def as_dict(self) -> dict[str, str]:
        """Return the cause as `details.causes` has it."""
        return {"reason": self.reason, "message": self.message, "field": self.field}


def invalid(field: str, value: Any, detail: str) -> Cause:
    """A value that is not accepted."""
    return Cause(field or "<nil>", "FieldValueInvalid", f"Invalid value: {value_text(value)}: {detail}")


def wrong_type(field: str, value: Any, detail: str) -> Cause:
    """A value of another type."""
    return Cause(field or "<nil>", "FieldValueTypeInvalid", f"Invalid value: {value_text(value)}: {detail}")


def required(field: str, detail: str = "") -> Cause:
    """A field that is missing."""
    return Cause(field, "FieldValueRequired", f"Required value: {detail}" if detail else "Required value")


def unsupported(field: str, value: Any, allowed: list[Any]) -> Cause:
    """A value that is not one of those that are listed."""
    names = ", ".join(json.dumps(item if isinstance(item, str) else json.dumps(item)) for item in allowed)
    return Cause(field, "FieldValueNotSupported", f"Unsupported value: {value_text(value)}: supported values: {names}")


def duplicate(field: str, value: Any) -> Cause:
    """A value that must be unique and is not."""
    return Cause(field, "FieldValueDuplicate", f"Duplicate value: {value_text(value)}")


def too_long(field: str, longest: int) -> Cause:
    """A string that is too long."""
    return Cause(field, "FieldValueTooLong", f"Too long: may not be more than {longest} bytes")


def too_many(field: str, actual: int, most: int) -> Cause:
    """A list or map that is too large."""
    return Cause(field, "FieldValueTooMany", f"Too many: {actual}: must have at most {most} items")


def value_text(value: Any) -> str:
    """Write a value as these messages do: scalars plainly, all else as Go's %#v."""
    if value is None:
        return '"null"'
    return _go_syntax(value) if isinstance(value, dict | list) else _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)


def _go_syntax(value: Any) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{json.dumps(key)}:{_go_syntax(value[key])}" for key in sorted(value))
        return "map[string]interface {}{" + inner + "}"
    if isinstance(value, list):
        return "[]interface {}{" + ", ".join(map(_go_syntax, value)) + "}"
    return "interface {}(nil)" if value is None else _scalar(value)
