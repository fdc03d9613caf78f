from environment.names import Names


def test_names_within_their_limits_have_no_problem() -> None:
    assert Names("acme-mlops-dev", "acme-dev").problems() == []


def test_the_longest_prefix_fits_and_one_more_does_not() -> None:
    longest = Names("acme-mlops-dev", "x").longest_prefix
    assert Names("acme-mlops-dev", "x" * longest).problems() == []
    assert Names("acme-mlops-dev", "x" * (longest + 1)).problems() != []
