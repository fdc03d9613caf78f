from __future__ import annotations

import pytest

from environment.databases import DatabaseNames, KeptBucket, KeptDatabases, check_databases, completed, is_whole
from environment.errors import PreflightError, ReplacementRefusedError
from environment.spec import Environment
from environment.spec_file import load_environment

NAMES = DatabaseNames(pipelines="pipelinedb", metadata="metadb", cache="cachedb")
OURS = KeptDatabases(instance="acme-dev-mysql-abc123", is_existing=False, names=NAMES)
OWN = KeptBucket(name="acme-mlops-dev-acme-dev-artifacts", is_existing=False)
SHARED = KeptBucket(name="shared-artifacts", is_existing=True)
THEIRS = KeptDatabases(instance="shared", is_existing=True, names=NAMES)
EXISTING = "database.existing={instance: shared}"
CACHE = "database.names.cache=kfp_cache"


def spec(*overrides: str) -> Environment:
    private = ["database.private_ip=false"] if any("existing" in one for one in overrides) else []
    return load_environment("dev", [*overrides, *private])


@pytest.mark.parametrize(
    ("kept", "overrides", "instance"),
    [
        (None, ["database.names.pipelines=kfp"], OURS.instance),
        (OURS, [], OURS.instance),
        (OURS, [], "acme-dev-mysql-xyz789"),
        (OURS, [CACHE], "acme-dev-mysql-xyz789"),
        (THEIRS, [EXISTING], THEIRS.instance),
    ],
    ids=["first", "same", "ours-replaced", "ours-replaced-under-another-name", "theirs"],
)
def test_what_it_has_is_used_or_gone_with_its_instance(
    kept: KeptDatabases | None, overrides: list[str], instance: str
) -> None:
    environment = spec(*overrides)
    noted = check_databases(environment, kept, instance)
    assert noted == KeptDatabases(
        instance=instance, is_existing=EXISTING in overrides, names=environment.database.names, bucket=OWN
    )
    assert KeptDatabases.read(noted.model_dump_json()) == noted


@pytest.mark.parametrize(
    ("kept", "overrides", "instance", "change", "remedy", "address"),
    [
        (
            OURS,
            [CACHE],
            OURS.instance,
            "database.names.cache goes from cachedb to kfp_cache",
            "set database.names.cache to cachedb",
            f"Database {OURS.instance}/cachedb",
        ),
        (
            THEIRS,
            ["database.existing={instance: other}"],
            "other",
            "the database goes from shared to other",
            "set database.existing.instance to shared",
            "Database shared",
        ),
        (
            THEIRS,
            [],
            OURS.instance,
            f"the database goes from shared to {OURS.instance}",
            "set database.existing.instance to shared",
            "Database shared",
        ),
        (
            OURS,
            [EXISTING],
            "shared",
            f"the database goes from {OURS.instance} to shared",
            "leave database.existing out",
            f"Database {OURS.instance}",
        ),
    ],
    ids=["name", "theirs-to-theirs", "theirs-to-ours", "ours-to-theirs"],
)
def test_nothing_is_left_behind_unless_it_is_named(
    kept: KeptDatabases, overrides: list[str], instance: str, change: str, remedy: str, address: str
) -> None:
    with pytest.raises(ReplacementRefusedError) as caught:
        check_databases(spec(*overrides), kept, instance, ("Database other",))
    assert str(caught.value) == (
        f"refused: {change}: the runs of dev would be left behind; "
        f"{remedy}; or begin without them, and leave them there: --allow-replace '{address}'"
    )
    assert check_databases(spec(*overrides), kept, instance, (address,)).instance == instance


@pytest.mark.parametrize(
    ("kept", "existing", "remedy"),
    [
        (SHARED, "other", "set artifact_store.existing.bucket to shared-artifacts"),
        (SHARED, "", "set artifact_store.existing.bucket to shared-artifacts"),
        (OWN, "other", "leave artifact_store.existing out"),
    ],
    ids=["theirs-to-theirs", "theirs-to-ours", "ours-to-theirs"],
)
def test_a_bucket_is_left_behind_only_where_it_is_named(kept: KeptBucket, existing: str, remedy: str) -> None:
    environment = spec(*([f"artifact_store.existing={{bucket: {existing}}}"] if existing else []))
    noted = OURS.model_copy(update={"bucket": kept})
    with pytest.raises(ReplacementRefusedError) as caught:
        check_databases(environment, noted, OURS.instance, ("Bucket other", f"Database {OURS.instance}"))
    assert str(caught.value) == (
        f"refused: the artifact store goes from {kept.name} to {existing or OWN.name}: "
        "the artifacts of the runs of dev would be left behind; "
        f"{remedy}; or begin without them, and leave them there: --allow-replace 'Bucket {kept.name}'"
    )
    moved = check_databases(environment, noted, OURS.instance, (f"Bucket {kept.name}",))
    assert moved.bucket == KeptBucket(name=existing or OWN.name, is_existing=bool(existing))


@pytest.mark.parametrize("kept", [None, OWN, OWN.model_copy(update={"name": "of-another-prefix"})])
def test_a_bucket_of_ours_is_for_the_guard_to_judge(kept: KeptBucket | None) -> None:
    assert check_databases(spec(), OURS.model_copy(update={"bucket": kept}), OURS.instance).bucket == OWN


SAID = {"pipelineDb": "pipelinedb", "mlmdDb": "metadb", "cacheDb": "cachedb", "bucketName": OWN.name}
SAYS = SAID | {"gcsCloudSqlInstanceName": f"acme-mlops-dev:us-central1:{OURS.instance}"}
WHOLE = OURS.model_copy(update={"bucket": OWN})


@pytest.mark.parametrize(
    ("noted", "config", "expected"),
    [
        (None, SAYS, WHOLE),
        (None, SAYS | {"gcsCloudSqlInstanceName": "p:r:shared"}, THEIRS.model_copy(update={"bucket": OWN})),
        (None, SAYS | {"bucketName": SHARED.name}, WHOLE.model_copy(update={"bucket": SHARED})),
        (None, {}, None),
        (None, {"bucketName": OWN.name}, None),
        (OURS, SAYS | {"cacheDb": "other"}, WHOLE),
        (OURS, {}, OURS),
        (WHOLE, SAYS | {"cacheDb": "other", "bucketName": "other"}, WHOLE),
    ],
    ids=["lost", "theirs", "their-bucket", "first", "unclear", "of-an-earlier-release", "without-cluster", "whole"],
)
def test_what_is_not_noted_the_installation_says(
    noted: KeptDatabases | None, config: dict[str, str], expected: KeptDatabases | None
) -> None:
    assert completed(spec(), noted, config) == expected
    assert is_whole(noted) == (noted is WHOLE)


def test_all_names_are_told_at_once() -> None:
    swapped = spec("database.names={pipelines: cachedb, metadata: metadb, cache: pipelinedb}")
    with pytest.raises(ReplacementRefusedError, match=r"cachedb, .*set .* and set .*/pipelinedb' .*/cachedb'$"):
        check_databases(swapped, OURS, OURS.instance, (f"Database {OURS.instance}/metadb",))


@pytest.mark.parametrize("text", ["{}", '{"instance": "x", "is_existing": false, "names": {}}', "no JSON"])
def test_a_note_of_another_shape_stops_it(text: str) -> None:
    assert KeptDatabases.read(None) is None
    with pytest.raises(PreflightError, match=r"^databases\.json beside the state is of another release"):
        KeptDatabases.read(text)
