"""Requests that come together go together."""

from __future__ import annotations

import threading

import pytest

from sandbox.provider.batches import Batches


def together(batches: Batches, items: list[int], run: object) -> list[object]:
    results: list[object] = [None] * len(items)

    def submit(number: int) -> None:
        try:
            results[number] = batches.submit("key", items[number], run)  # type: ignore[arg-type]
        except ValueError as problem:
            results[number] = problem

    threads = [threading.Thread(target=submit, args=(number,)) for number in range(len(items))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_one_run_serves_all() -> None:
    runs: list[list[int]] = []

    def run(items: list[int]) -> int:
        runs.append(sorted(items))
        return sum(items)

    assert together(Batches(0.2), [1, 2, 3], run) == [6, 6, 6]
    assert runs == [[1, 2, 3]]


def test_an_error_reaches_everybody() -> None:
    def run(items: list[int]) -> int:
        raise ValueError("no")

    assert [str(problem) for problem in together(Batches(0.2), [1, 2], run)] == ["no", "no"]


def test_a_later_request_is_not_served_by_an_earlier_run() -> None:
    batches = Batches(0.0)
    assert [batches.submit("key", item, sum) for item in (1, 2)] == [1, 2]
    with pytest.raises(TypeError):
        batches.submit("key", "text", sum)
