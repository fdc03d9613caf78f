"""Step 2: one task per Terraform step, and what stands around Terraform: state bucket, suffix, the MySQL user."""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterator
from contextlib import contextmanager

from prefect import get_run_logger, task
from prefect.runtime import task_run

from clients import infrastructure
from clients.addresses import Addresses
from clients.change_control import ChangeControl
from clients.root_user import ensure_root_user
from clients.rotation import is_under_way
from clients.state_folder import read_suffix
from clients.storage import Storage
from clients.terraform import Terraform
from environment.applied_changes import carried_out, half_made
from environment.approval import Approved, check_approved
from environment.changes import Change, count_actions
from environment.errors import MlopsEnvError, TerraformError
from environment.infrastructure import Infrastructure
from environment.names import SUFFIX_LENGTH
from environment.paths import project_root
from environment.spec import Environment
from environment.state_folder import STATE_OBJECT, SUFFIX_OBJECT, format_suffix, parse_suffix
from environment.terraform_events import TerraformEvent
from environment.terraform_plan import CLUSTER, bucket_change, infrastructure_changes
from environment.terraform_variables import terraform_variables
from tasks.console import PASSING
from tasks.guard import explain_failed_cluster, judge
from tasks.history import current_journal
from tasks.policy import RETRIED
from tasks.progress import apply_reporter, tell_of_waiting
from tasks.terraform_log import kept_log

APPLY_TIMEOUT_SECONDS = 2 * 3600


def _terraform(environment: Environment) -> Terraform:
    return infrastructure.open_terraform(environment, Addresses.of(environment))


@contextmanager
def alone_with_terraform(environment: Environment) -> Iterator[None]:
    """Let no other run of this machine into Terraform's working folder, and leave no saved plan there."""
    with infrastructure.terraform_folder(environment, Addresses.of(environment), tell_of_waiting):
        yield


@task(name="find-state-bucket", task_run_name="look for bucket {environment.state.bucket}", **RETRIED)
def has_state_bucket(environment: Environment) -> bool:
    """Tell whether the bucket of Terraform's state is there."""
    return Storage(Addresses.of(environment), environment.project_id).has_bucket(environment.state.bucket)


@task(name="ensure-state-bucket", task_run_name="ensure bucket {environment.state.bucket}", **RETRIED)
def ensure_state_bucket(environment: Environment) -> bool:
    """Make the bucket of Terraform's state where there is none; say whether it was made."""
    storage = Storage(Addresses.of(environment), environment.project_id)
    is_made = storage.ensure_bucket(environment.state.bucket, environment.region, environment.labels)
    if is_made:
        current_journal().note(bucket_change(environment.state.bucket))
    return is_made


@task(name="find-database-suffix", task_run_name="look for database suffix", **RETRIED)
def find_database_suffix(environment: Environment) -> str | None:
    """Return the suffix of the database's name, None where it is yet to be drawn."""
    return read_suffix(environment, Addresses.of(environment))


@task(name="ensure-database-suffix", task_run_name="ensure database suffix", **RETRIED)
def ensure_database_suffix(environment: Environment) -> str:
    """Return the suffix of the database's name: of the one that is there, else of the next, drawn once and kept."""
    addresses = Addresses.of(environment)
    if (suffix := read_suffix(environment, addresses)) is not None:
        return suffix
    storage, made = Storage(addresses, environment.project_id), _new_suffix()
    bucket, name = environment.state.bucket, f"{environment.state_prefix}/{SUFFIX_OBJECT}"
    kept = made if storage.write(bucket, name, made, only_if_absent=True) else storage.read(bucket, name)
    return parse_suffix(kept or made)


@task(name="renew-database-suffix", task_run_name="renew database suffix", **RETRIED)
def renew_database_suffix(environment: Environment) -> str:
    """Make a new suffix: the name of a deleted database stays taken for a week."""
    made = _new_suffix()
    storage = Storage(Addresses.of(environment), environment.project_id)
    storage.write(environment.state.bucket, f"{environment.state_prefix}/{SUFFIX_OBJECT}", made)
    return parse_suffix(made)


def _new_suffix() -> str:
    alphabet = string.ascii_lowercase + string.digits
    return format_suffix("".join(secrets.choice(alphabet) for _ in range(SUFFIX_LENGTH)))


@task(name="terraform-init", task_run_name="terraform init", **RETRIED)
def terraform_init(environment: Environment, database_suffix: str) -> None:
    """Bring the working folder up to date and initialise it."""
    get_run_logger().info("terraform init", extra=PASSING)
    terraform = _terraform(environment)
    terraform.prepare(project_root() / "terraform", environment.existing)
    terraform.write_variables(terraform_variables(environment, database_suffix))
    terraform.init(environment.state.bucket, environment.state_prefix)


@task(name="terraform-plan", task_run_name="terraform plan", timeout_seconds=1800, **RETRIED)
def terraform_plan(environment: Environment) -> tuple[Change, ...]:
    """Plan to a file; return what would change."""
    logger = get_run_logger()
    logger.info("terraform plan", extra=PASSING)
    terraform = _terraform(environment)
    changes = infrastructure_changes(terraform.show_plan()) if terraform.plan() else ()
    if not changes:
        terraform.discard_plan()
    for change in changes:
        is_many = change.action == "create"  # what changes or goes is worth a line
        logger.info("Planned: %s %s", change.action, change.address, extra=PASSING if is_many else None)
    if changes:
        logger.info("Planned: %s", count_actions(changes))
    return changes


@task(name="terraform-apply", task_run_name="terraform apply", timeout_seconds=APPLY_TIMEOUT_SECONDS, **RETRIED)
def terraform_apply(
    environment: Environment,
    changes: tuple[Change, ...],
    allow_replace: tuple[str, ...] = (),
    approved: Approved = None,
) -> None:
    """Apply the saved plan, with a line of log and a step of progress per resource.

    Tried again where an API was off, it plans anew: a saved plan is stale after an apply that did a part of it.
    """
    terraform = _terraform(environment)
    if task_run.run_count > 1:
        changes = infrastructure_changes(terraform.show_plan()) if terraform.plan() else ()
        judge(environment, changes, allow_replace)
        check_approved(changes, approved)
    events, tell = list[TerraformEvent](), apply_reporter(len(changes))

    def report(event: TerraformEvent) -> None:
        events.append(event)
        tell(event)

    current_journal().begin()
    try:
        with kept_log(terraform):
            terraform.apply(report)
        current_journal().note(*changes)
    except TerraformError as error:
        _note_part(environment, changes, events)
        if CLUSTER in error.address:
            explain_failed_cluster(environment)
        raise
    except BaseException:
        current_journal().note(*carried_out(changes, events))
        raise
    finally:
        terraform.discard_plan()


def _note_part(environment: Environment, changes: tuple[Change, ...], events: list[TerraformEvent]) -> None:
    """Note what an apply that failed has done, also what it began to make."""
    done = carried_out(changes, events)
    storage = Storage(Addresses.of(environment), environment.project_id)
    try:
        state = storage.read(environment.state.bucket, f"{environment.state_prefix}/{STATE_OBJECT}")
    except MlopsEnvError:
        state = None
    current_journal().note(*done, *half_made(changes, done, state))


@task(name="read-infrastructure", task_run_name="read infrastructure", **RETRIED)
def read_infrastructure(environment: Environment) -> Infrastructure:
    """Read the typed outputs of what is there, on any machine: a working folder that is new is initialised first."""
    found = infrastructure.read_infrastructure(environment, Addresses.of(environment))
    if found is None:
        raise TerraformError(
            f"the infrastructure of {environment.name} is not there yet: its state has no outputs",
            "run provision_infra, or the whole create, first",
        )
    return found


@task(name="ensure-root-user", task_run_name="ensure root user of {outputs.database.instance}", **RETRIED)
def ensure_database_root_user(environment: Environment, outputs: Infrastructure, approved: Approved = None) -> Change:
    """Give the MySQL `root` user the password that Secret Manager holds; return what that changed."""
    get_run_logger().info("MySQL user %s", environment.database_user, extra=PASSING)
    addresses = Addresses.of(environment)
    return ensure_root_user(
        addresses,
        environment.project_id,
        outputs.database.instance,
        environment.names.root_password_secret,
        environment.resource_labels,
        keeps_old=is_under_way(environment, addresses),
        control=ChangeControl(approved, current_journal().begin, current_journal().note),
        user=environment.database_user,
        is_made=environment.names.is_database,
    )
