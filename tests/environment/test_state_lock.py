from datetime import UTC, datetime, timedelta

import pytest

from environment.state_lock import StateLock, parse_state_lock

DETAIL = """\
Error message: writing "gs://b/p/default.tflock" failed: googleapi: Error 412: conditionNotMet
Lock Info:
  ID:        1795535233140813
  Path:      gs://b/p/default.tflock
  Operation: OperationTypeApply
  Who:       ann@laptop
  Version:   1.15.5
  Created:   2026-01-02 03:04:05.678901234 +0000 UTC
  Info:      

Terraform acquires a state lock to protect the state from being written
by multiple users at the same time.
"""  # noqa: W291
MADE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_lock_is_read_from_terraform_s_words() -> None:
    assert parse_state_lock(DETAIL) == StateLock("1795535233140813", "ann@laptop", "apply", MADE)


@pytest.mark.parametrize("detail", ["", "Error message: permission denied", "Lock Info:\n  ID:   \n  Who: x"])
def test_what_shows_no_lock_is_none(detail: str) -> None:
    assert parse_state_lock(detail) is None


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (timedelta(seconds=5), "5 seconds ago"),
        (timedelta(seconds=61), "1 minute ago"),
        (timedelta(hours=2, minutes=5), "2 hours ago"),
        (timedelta(days=3), "3 days ago"),
        (timedelta(seconds=-3), "0 seconds ago"),
    ],
)
def test_its_age_is_said(age: timedelta, said: str) -> None:
    lock = StateLock("1", "ann@laptop", "apply", MADE)
    assert lock.describe(MADE + age) == f"by ann@laptop since 2026-01-02 03:04:05 UTC ({said}), for apply"


def test_what_is_not_known_is_not_made_up() -> None:
    assert StateLock("1", "", "", None).describe(MADE) == "by an unknown run, for an unknown operation"
