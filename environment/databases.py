"""The databases of Kubeflow Pipelines and its bucket: that an environment keeps the ones that it has.

All runs, their metadata and the cache are in the databases. A service that does not find its database makes a new,
empty one and says nothing: under another name, or in another instance, all that was there would seem lost. So would the
runs' artifacts and the pipelines, which are in the bucket, in another one. So which they are is noted beside the state
before the first service starts, and outlives the cluster.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError, model_validator

from environment.errors import PreflightError, ReplacementRefusedError

if TYPE_CHECKING:
    from environment.spec import Environment

DATABASES_OBJECT = "databases.json"
_MYSQLS_OWN = frozenset({"information_schema", "mysql", "performance_schema", "sys"})

_KEYS = {"pipelines": "pipelineDb", "metadata": "mlmdDb", "cache": "cacheDb"}
"""What the fields of DatabaseNames are called in the ConfigMap of an installation."""

DatabaseName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{1,64}$")]


class DatabaseNames(BaseModel):
    """What the databases are called: of runs and pipelines, of their metadata, of the cache."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pipelines: DatabaseName
    metadata: DatabaseName
    cache: DatabaseName

    @model_validator(mode="after")
    def _are_three(self) -> DatabaseNames:
        for field, name in self:
            if name.lower() in _MYSQLS_OWN:
                raise ValueError(f"{field}: '{name}' is MySQL's own: use another name")
        for (one, first), (other, second) in combinations(self, 2):
            if first.lower() == second.lower():
                raise ValueError(f"{one} and {other} are both '{first}': each service needs a database of its own")
        return self


class KeptBucket(BaseModel):
    """The bucket of the runs' artifacts, and whether it is somebody's."""

    model_config = ConfigDict(frozen=True)

    name: str
    is_existing: bool


class KeptDatabases(BaseModel):
    """What is noted beside the state: the Cloud SQL instance, whether it is somebody's, and the names in it.

    `bucket` is that of the runs' artifacts, None where an earlier release wrote the note.
    """

    model_config = ConfigDict(frozen=True)

    instance: str
    is_existing: bool
    names: DatabaseNames
    bucket: KeptBucket | None = None

    @classmethod
    def read(cls, text: str | None) -> KeptDatabases | None:
        """Type what was kept.

        Raises:
            PreflightError: When another release wrote it in another shape: nobody knows which databases are in use.
        """
        try:
            return None if text is None else cls.model_validate_json(text)
        except ValidationError:
            raise PreflightError(
                f"{DATABASES_OBJECT} beside the state is of another release: which databases are in use cannot be read",
                "go on with that release, or with a newer one",
            ) from None


def is_whole(kept: KeptDatabases | None) -> bool:
    """Tell whether all is noted; what is missing, as after an earlier release, the installation itself may tell."""
    return kept is not None and kept.bucket is not None


def completed(environment: Environment, kept: KeptDatabases | None, config: Mapping[str, str]) -> KeptDatabases | None:
    """Return what is noted, and where that is not whole what an installation works with.

    Args:
        environment: The spec.
        kept: What was noted.
        config: The data of the installation's ConfigMap; empty where there is none.
    """
    if is_whole(kept) or not config.get("bucketName"):
        return kept
    bucket = KeptBucket(name=config["bucketName"], is_existing=config["bucketName"] != environment.names.bucket)
    if kept is not None:
        return kept.model_copy(update={"bucket": bucket})
    instance = config.get("gcsCloudSqlInstanceName", "").rpartition(":")[2]
    try:
        names = DatabaseNames.model_validate({field: config.get(key) for field, key in _KEYS.items()})
    except ValidationError:
        return None
    is_existing = not environment.names.is_database(instance)
    return KeptDatabases(instance=instance, is_existing=is_existing, names=names, bucket=bucket)


class _LeftBehind(NamedTuple):
    """A database, a whole instance or a bucket that would be used no more; `remedy` goes on with it."""

    address: str
    change: str
    remedy: str


def check_databases(
    environment: Environment, kept: KeptDatabases | None, instance: str, allowed: Collection[str] = ()
) -> KeptDatabases:
    """Make sure that Kubeflow Pipelines goes on with the databases and the bucket that it has.

    Args:
        environment: The spec.
        kept: What was noted, None where no service has started yet.
        instance: The Cloud SQL instance that is to be used.
        allowed: "Database INSTANCE", "Database INSTANCE/NAME" and "Bucket NAME" of those that may be left behind.

    Returns:
        What is to be noted.

    Raises:
        ReplacementRefusedError: Names each that would be left behind, and what allows it.
    """
    left = (*_runs_left(environment, kept, instance), *_artifacts_left(environment, kept.bucket)) if kept else ()
    if refused := [one for one in left if one.address not in allowed]:
        allow = " ".join(f"--allow-replace '{one.address}'" for one in refused)
        are_artifacts = all(one.address.startswith("Bucket ") for one in refused)
        what = f"{'the artifacts of ' if are_artifacts else ''}the runs of {environment.name}"
        raise ReplacementRefusedError(
            f"refused: {', '.join(one.change for one in refused)}: {what} would be left behind",
            f"{' and '.join(one.remedy for one in refused)}; or begin without them, and leave them there: {allow}",
        )
    return KeptDatabases(
        instance=instance,
        is_existing=environment.database.existing is not None,
        names=environment.database.names,
        bucket=KeptBucket(name=environment.bucket_name, is_existing=environment.artifact_store.existing is not None),
    )


def _artifacts_left(environment: Environment, kept: KeptBucket | None) -> Iterator[_LeftBehind]:
    existing = environment.artifact_store.existing
    # One of ours that makes way for another of ours is Terraform's to delete: of that the guard is the judge.
    if kept and kept.name != environment.bucket_name and (kept.is_existing or existing):
        change = f"the artifact store goes from {kept.name} to {environment.bucket_name}"
        remedy = f"set artifact_store.existing.bucket to {kept.name}"
        yield _LeftBehind(
            f"Bucket {kept.name}", change, remedy if kept.is_existing else "leave artifact_store.existing out"
        )


def _runs_left(environment: Environment, kept: KeptDatabases, instance: str) -> Iterator[_LeftBehind]:
    if kept.instance != instance:
        # One of ours that goes, or has gone, takes its databases along: of that the guard is the judge.
        if kept.is_existing or environment.database.existing:
            change = f"the database goes from {kept.instance} to {instance}"
            remedy = f"set database.existing.instance to {kept.instance}"
            yield _LeftBehind(
                f"Database {kept.instance}", change, remedy if kept.is_existing else "leave database.existing out"
            )
        return
    wanted = dict(environment.database.names)
    for field, old in kept.names:
        if wanted[field] != old:
            change = f"database.names.{field} goes from {old} to {wanted[field]}"
            yield _LeftBehind(f"Database {instance}/{old}", change, f"set database.names.{field} to {old}")
