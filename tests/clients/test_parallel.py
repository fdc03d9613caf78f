from __future__ import annotations

import pytest

from clients.parallel import in_parallel
from environment.errors import KubernetesError, TransientKubernetesError


def test_results_are_in_order():
    assert in_parallel(lambda number: number * 2, range(30)) == [number * 2 for number in range(30)]


def test_failure_that_will_not_heal_is_raised_with_the_number_of_the_others():
    def fail(number: int) -> None:
        raise (KubernetesError if number == 2 else TransientKubernetesError)(f"no {number}", "do this")

    with pytest.raises(KubernetesError) as caught:
        in_parallel(fail, range(4))
    assert str(caught.value) == "no 2 (and 3 more failed); do this"


def test_single_failure_is_told_as_it_is():
    def fail(number: int) -> None:
        if number:
            raise KubernetesError("no", "do this")

    with pytest.raises(KubernetesError) as caught:
        in_parallel(fail, range(2))
    assert str(caught.value) == "no; do this"
