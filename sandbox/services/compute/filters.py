"""The `filter` of lists: `(name = a) AND (labels.team eq "m.*")`, with implied AND, OR and NOT.

Source: https://cloud.google.com/compute/docs/reference/rest/v1/networks/list (filter)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.kernel.errors import invalid

Json = Mapping[str, Any]
Test = Callable[[Json], bool]
_TOKEN = re.compile(r"""\s*(\(|\)|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|!=|<=|>=|[=<>:]|[^\s()=<>:!"']+)""")
_OPERATORS = ("=", "!=", ":", "eq", "ne", "<", "<=", ">", ">=")


def matcher(text: str) -> Test:
    """Return the test that a filter describes; an empty one takes all.

    Raises:
        ApiError: 400 when it cannot be read.
    """
    tokens: list[str] = []
    position = 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if not match:
            raise _unreadable(text)
        tokens.append(match[1])
        position = match.end()
    if not tokens:
        return lambda _: True
    parser = _Parser(tokens, text)
    test = parser.any_of()
    if parser.tokens:
        raise _unreadable(text)
    return test


class _Parser:
    def __init__(self, tokens: list[str], text: str) -> None:
        self.tokens = tokens
        self._text = text

    def any_of(self) -> Test:
        tests = [self._all_of()]
        while self.tokens and self.tokens[0] == "OR":
            self.tokens.pop(0)
            tests.append(self._all_of())
        return lambda item: any(test(item) for test in tests)

    def _all_of(self) -> Test:
        tests = [self._one()]
        while self.tokens and self.tokens[0] not in ("OR", ")"):
            if self.tokens[0] == "AND":
                self.tokens.pop(0)
            tests.append(self._one())
        return lambda item: all(test(item) for test in tests)

    def _one(self) -> Test:
        token = self._take()
        if token in ("NOT", "-"):
            negated = self._one()
            return lambda item: not negated(item)
        if token == "(":
            test = self.any_of()
            if self._take() != ")":
                raise _unreadable(self._text)
            return test
        operator = self._take()
        if operator not in _OPERATORS:
            raise _unreadable(self._text)
        wanted = self._take().strip("\"'")
        if operator in ("eq", "ne") and not _is_expression(wanted):
            raise _unreadable(self._text)
        return _comparison(token, operator, wanted)

    def _take(self) -> str:
        if not self.tokens:
            raise _unreadable(self._text)
        return self.tokens.pop(0)


def _comparison(path: str, operator: str, wanted: str) -> Test:
    def test(item: Json) -> bool:
        actual = _value(item, path)
        text = _text(actual)
        if operator == "=":
            return text == wanted
        if operator == "!=":
            return text != wanted
        if operator == "eq":
            return re.fullmatch(wanted, text) is not None
        if operator == "ne":
            return re.fullmatch(wanted, text) is None
        if operator == ":":
            return actual is not None and (wanted == "*" or wanted.strip("*").lower() in text.lower())
        return _ordered(text, operator, wanted)

    return test


def _is_expression(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


def _ordered(text: str, operator: str, wanted: str) -> bool:
    try:
        one, other = float(text), float(wanted)
    except ValueError:
        return False
    return {"<": one < other, "<=": one <= other, ">": one > other, ">=": one >= other}[operator]


def _value(item: Any, path: str) -> Any:
    for part in path.split("."):
        item = item.get(part) if isinstance(item, Mapping) else None
    return item


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _unreadable(text: str) -> Exception:
    return invalid(f"Invalid value for field 'filter': '{text}'. Invalid list filter expression.")
