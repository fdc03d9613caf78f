import json

import pytest

from environment.terraform_events import changes_nothing, parse_event, plain_error, reported_errors


def line(**fields: object) -> str:
    return json.dumps(fields)


def test_apply_events_carry_address_and_message() -> None:
    hook = {"resource": {"addr": "module.x.y"}, "action": "create", "elapsed_seconds": 12}
    event = parse_event(line(**{"type": "apply_progress", "@message": "Still creating...", "hook": hook}))
    assert event.is_progress
    assert (event.address, event.message) == ("module.x.y", "Still creating...")


def test_an_error_names_its_resource_in_one_line() -> None:
    warning = line(type="diagnostic", diagnostic={"severity": "warning", "summary": "old"})
    error = {"severity": "error", "summary": "Error 403", "detail": "no\npermission", "address": "module.a.b"}
    (diagnostic,) = reported_errors([parse_event(warning), parse_event(line(type="diagnostic", diagnostic=error))])
    assert diagnostic is not None
    assert diagnostic.one_line() == "module.a.b: Error 403: no permission"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["Initializing...", "╷", "│ Error: Failed to install provider", "│ ", "│ Error while", "╵"],
         "Failed to install provider Error while"),
        (["panic: nil", "goroutine 1"], "panic: nil goroutine 1"),
        ([], ""),
    ],
)  # fmt: skip
def test_an_error_in_plain_text_is_one_line_without_what_came_before(lines: list[str], expected: str) -> None:
    assert plain_error(lines) == expected


def test_what_is_not_json_is_kept_as_text() -> None:
    assert parse_event("panic: nil pointer\n").message == "panic: nil pointer"
    assert parse_event("3").kind == "text"


END = {"type": "change_summary", "changes": {"add": 0, "change": 0, "remove": 0, "operation": "plan"}}
SAME = {"type": "outputs", "outputs": {"a": {"sensitive": False, "action": "noop"}, "b": {"action": "noop"}}}
MIXED = {"type": "outputs", "outputs": {"a": {"action": "noop"}, "b": {"action": "update"}}}


def about(kind: str, action: str) -> dict[str, object]:
    return {"type": kind, "change": {"resource": {"addr": "module.a.google_storage_bucket.b"}, "action": action}}


@pytest.mark.parametrize(
    ("said", "is_unchanged"),
    [
        ([END], True),
        ([END, SAME], True),
        ([about("resource_drift", "update"), END, SAME], True),
        ([SAME], False),  # it ended half-way
        ([END, MIXED], False),
        ([END, {"type": "outputs", "outputs": {"a": {"sensitive": False}}}], False),
        ([about("planned_change", "move"), END], False),
        ([about("planned_change", "update"), END], False),
    ],
)
def test_a_plan_changes_nothing_when_it_ends_without_a_change(
    said: list[dict[str, object]], is_unchanged: bool
) -> None:
    assert changes_nothing(parse_event(line(**one)) for one in said) == is_unchanged
