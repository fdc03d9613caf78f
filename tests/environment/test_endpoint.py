from __future__ import annotations

import pytest

from environment.endpoint import EndpointFacts, authorized_by, endpoint_findings, restricting
from environment.spec import Environment
from environment.spec_file import load_environment

OFFICE, PROBLEM = "203.0.113.0/24", "could not reach it"
THEIRS = ("cluster.existing={name: shared, location: us-central1-a}",)
LET_IN = f"cluster.authorized_networks=[{OFFICE}]"


def spec(*overrides: str) -> Environment:
    return load_environment("dev", overrides)


def found(*authorized: str, is_private: bool = False, problem: str = PROBLEM) -> EndpointFacts:
    who = authorized or None
    return EndpointFacts(address="198.51.100.7", is_private=is_private, authorized=who, problem=problem)


SHUT = EndpointFacts(address="198.51.100.7", is_private=False, authorized=(), problem=PROBLEM)


@pytest.mark.parametrize(
    ("overrides", "facts", "problem", "fix", "stops"),
    [
        (
            THEIRS,
            found(OFFICE, "192.0.2.0/28"),
            f"is open to {OFFICE}, 192.0.2.0/28 only",
            "gcloud container clusters update shared --enable-master-authorized-networks "
            f"--master-authorized-networks={OFFICE},192.0.2.0/28,ADDRESS/32 "
            "--location=us-central1-a --project=acme-mlops-dev",
            True,
        ),
        (
            THEIRS,
            found(is_private=True),
            "198.51.100.7 is private",
            "in its VPC, or gcloud container clusters update shared --no-enable-private-endpoint --location=us-",
            True,
        ),
        (THEIRS, found(), "is open to all, so something on the way", "connect to https://198.51.100.7,", True),
        (THEIRS, SHUT, "is open to nobody outside its VPC only", "--master-authorized-networks=ADDRESS/32 --loc", True),
        ((), SHUT, "nobody outside its VPC", "run create, which opens it to all", False),
        ((LET_IN,), SHUT, "nobody outside its VPC", f"run create, which opens it to {OFFICE}", False),
        (
            (LET_IN,),
            found(OFFICE),
            f"is open to {OFFICE} only",
            f"--set 'cluster.authorized_networks=[{OFFICE},ADDRESS/32]'",
            True,
        ),
        ((LET_IN,), found("192.0.2.0/28"), "192.0.2.0/28 only", f"run create, which opens it to {OFFICE}", False),
        ((), found(OFFICE), f"{OFFICE} only", "run create, which opens it to all", False),
        ((), found(is_private=True), "is private", "run create, which opens it to all", False),
        ((), found(), "is open to all", "connect to https://198.51.100.7,", False),
    ],
    ids=[
        *("theirs-restricted", "theirs-private", "theirs-open", "theirs-shut", "ours-shut", "ours-shut-about-to-open"),
        *("ours-restricted", "ours-about-to-open", "ours-about-to-open-to-all", "ours-private", "ours-open"),
    ],
)
def test_who_may_reach_it_is_told_and_what_lets_us_in(
    overrides: tuple[str, ...], facts: EndpointFacts, problem: str, fix: str, stops: bool
) -> None:
    (finding,) = endpoint_findings(spec(*overrides), "cluster x", facts)
    assert (finding.check, finding.subject, finding.stops_create) == ("cluster-endpoint", "cluster x", stops)
    assert problem in finding.problem
    assert PROBLEM in finding.problem
    assert fix in finding.fix


def test_what_answers_is_no_finding() -> None:
    assert endpoint_findings(spec(), "cluster x", found(OFFICE, problem="")) == ()


def test_a_list_with_everywhere_restricts_nobody() -> None:
    assert restricting(("0.0.0.0/0", OFFICE)) is None
    assert restricting((OFFICE,)) == (OFFICE,)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, None),
        ({"enabled": False, "cidrBlocks": [{"cidrBlock": OFFICE}]}, None),
        ({"enabled": True, "cidrBlocks": [{"cidrBlock": OFFICE}]}, (OFFICE,)),
        ({"enabled": True, "cidrBlocks": [{"cidrBlock": "0.0.0.0/0"}]}, None),
        ({"enabled": True}, ()),
    ],
)
def test_a_list_that_is_on_and_empty_lets_nobody_in(
    config: dict[str, object], expected: tuple[str, ...] | None
) -> None:
    assert authorized_by(config) == expected
