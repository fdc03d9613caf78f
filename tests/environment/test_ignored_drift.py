from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from environment.drift import OUTSIDE, PENDING, Drift, DriftField
from environment.ignored_drift import SHIPPED, IgnoredDrift, without_ignored

TODAY = date(2026, 5, 1)
CLUSTER = "module.cluster.google_container_cluster.this"
POOL = "module.cluster.google_container_node_pool.this"
DATABASE = "module.database.google_sql_database_instance.this"
BUCKET = 'module.artifact_store.google_storage_bucket.this["a"]'


def drift(address: str, *paths: str, kind: Any = OUTSIDE) -> Drift:
    fields = tuple(DriftField(path=path, expected=1, actual=2) for path in paths)
    condition: Any = "changed" if fields else "missing"
    return Drift(layer="infrastructure", kind=kind, condition=condition, address=address, fields=fields)


def paths(found: tuple[Drift, ...]) -> list[str]:
    return [field.path for one in found for field in one.fields]


@pytest.mark.parametrize(
    ("address", "path"),
    [
        (CLUSTER, 'effective_labels["goog-fleet"]'),
        (CLUSTER, "node_pool[0].autoscaling[0].max_node_count"),
        (CLUSTER, "master_version"),
        (CLUSTER, "node_version"),
        (POOL, "version"),
        (POOL, "node_count"),
        (POOL, "managed_instance_group_urls[0]"),
        (DATABASE, "settings[0].disk_size"),
        (DATABASE, "settings[0].version"),
        (BUCKET, "etag"),
        (BUCKET, "updated"),
    ],
)
def test_what_google_itself_writes_is_ignored(address, path):
    left, ignored = without_ignored([drift(address, path)], SHIPPED, TODAY)
    assert (left, paths(ignored)) == ((), [path])
    assert ignored[0].note


@pytest.mark.parametrize(
    ("address", "path"),
    [
        (CLUSTER, 'effective_labels["team"]'),
        (CLUSTER, "deletion_protection"),
        (POOL, "autoscaling[0].max_node_count"),
        (POOL, "node_config[0].machine_type"),
        (POOL, "version_of_mine"),
        (DATABASE, "settings[0].tier"),
        (DATABASE, "settings[0].disk_autoresize"),
        (BUCKET, "versioning[0].enabled"),
        ("google_container_cluster_of_mine.this", "node_version"),
    ],
)
def test_what_people_change_is_not(address, path):
    assert without_ignored([drift(address, path)], SHIPPED, TODAY) == ((drift(address, path),), ())


@pytest.mark.parametrize("address", [CLUSTER, POOL, DATABASE, BUCKET])
def test_nothing_that_is_missing_is_ignored_by_default(address):
    assert without_ignored([drift(address)], SHIPPED, TODAY) == ((drift(address),), ())


def rule(**given: Any) -> IgnoredDrift:
    return IgnoredDrift(**{"address": POOL, "attribute": "max", "reason": "a busy week", **given})


def test_other_attribute_of_the_same_resource_is_still_reported():
    left, ignored = without_ignored([drift(POOL, "max", "min")], [rule()], TODAY)
    assert (paths(left), paths(ignored)) == (["min"], ["max"])
    assert ignored[0].note == "a busy week"


@pytest.mark.parametrize(
    ("expires", "is_reported"), [(date(2026, 4, 30), True), (date(2026, 5, 1), False), (None, False)]
)
def test_expired_rule_is_reported_again(expires, is_reported):
    left, _ = without_ignored([drift(POOL, "max")], [rule(expires=expires)], TODAY)
    assert [one.note for one in left] == (["ignored until 2026-04-30: a busy week"] if is_reported else [])


def test_rule_in_force_goes_before_an_expired_one():
    rules = [rule(expires=date(2026, 1, 1)), rule(expires=date(2027, 1, 1))]
    assert without_ignored([drift(POOL, "max")], rules, TODAY)[0] == ()


def test_pending_change_is_never_ignored():
    pending = drift(POOL, "max", kind=PENDING)
    assert without_ignored([pending], [rule(attribute="*")], TODAY) == ((pending,), ())


def test_missing_thing_takes_a_rule_for_all_of_it():
    assert without_ignored([drift(POOL)], [rule()], TODAY)[0] == (drift(POOL),)
    assert without_ignored([drift(POOL)], [rule(attribute="*")], TODAY)[0] == ()


def test_brackets_and_dots_of_an_address_are_only_themselves():
    assert without_ignored([drift(BUCKET, "x")], [rule(address=BUCKET, attribute="x")], TODAY)[0] == ()
    other = BUCKET.replace(".", "_")
    assert without_ignored([drift(other, "x")], [rule(address=BUCKET, attribute="x")], TODAY)[0] != ()


@pytest.mark.parametrize("given", [{"reason": ""}, {"address": ""}, {"expires": "soon"}, {"until": "2026-01-01"}])
def test_rule_needs_a_reason_and_a_date(given):
    with pytest.raises(ValidationError):
        rule(**given)
