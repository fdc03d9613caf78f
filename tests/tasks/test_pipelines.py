from __future__ import annotations

from clients.kubernetes.connection import CONNECT_SECONDS, REACH_SECONDS
from environment.errors import UnreachableError
from tasks.pipelines import reach_cluster, read_ui_address, wait_for_rollout
from tasks.policy import DELAYS_SECONDS, RETRIED, allowed_tries


def test_cluster_that_swallows_everything_is_given_up_within_20_seconds():
    tries = allowed_tries(UnreachableError("no answer"))
    pauses = sum(DELAYS_SECONDS[: tries - 1]) * (1 + RETRIED["retry_jitter_factor"])
    assert tries * max(CONNECT_SECONDS, REACH_SECONDS) + pauses < 20
    assert reach_cluster.retry_condition_fn is RETRIED["retry_condition_fn"]


def test_waiting_is_not_begun_again():
    assert (wait_for_rollout.retries, read_ui_address.retries) == (0, 0)
