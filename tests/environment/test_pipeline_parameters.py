"""What the overlay is told: of an environment, and of a release whatever the environment."""

from __future__ import annotations

from environment.pipeline_parameters import planned_parameters, release_parameters
from environment.spec_file import load_environment


def test_a_release_is_rendered_once_for_environments_that_want_the_same_of_it() -> None:
    dev, staging = (load_environment(name) for name in ("dev", "staging"))
    assert planned_parameters(dev, None, None) != planned_parameters(staging, None, None)
    assert release_parameters(dev) == release_parameters(staging)


def test_what_makes_other_manifests_of_a_release_is_told() -> None:
    dev = load_environment("dev")
    other = load_environment("dev", ("pipelines.namespace=ml", "identity=service_account_key"))
    release, changed = release_parameters(dev).model_dump(), release_parameters(other).model_dump()
    assert {name for name in release if release[name] != changed[name]} == {"namespace", "identity"}
