"""Terraform, as a child process whose JSON events are read as they come.

Commands are built by python-terraform; the process is ours, since that library captures output at the end. Each
environment has a working folder of its own (a copy of `terraform/`, with Terraform's data beside it), so that lock
file, plugins and plan of one never touch another's or the repository. The child gets an allow-list of variables: a
stray TF_WORKSPACE or TF_VAR_… has no effect. A supervisor stands between us and it: however we end, it ends well.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from clients import terraform_supervisor
from clients.addresses import TERRAFORM_IDENTITIES, TOKEN, Addresses
from clients.credentials import access_token, is_given, principal
from clients.saved_plan import read_states
from clients.terraform_binary import find_terraform
from clients.terraform_init import DATA, initialisation_digest
from clients.terraform_log import LOGGED, LogFile, log_file
from clients.working_folder import held_descriptors, holding
from environment.errors import StateLockedError, TerraformError, TransientError
from environment.google_messages import refusal_hint
from environment.refreshed_state import has_news
from environment.state_lock import parse_state_lock
from environment.terraform_events import (
    Diagnostic,
    TerraformEvent,
    changes_nothing,
    parse_event,
    plain_error,
    reported_errors,
)
from environment.terraform_failures import failure_type

ALLOWED = frozenset(
    {"PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "USER"}
    | {"SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"}
    | {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"}
    | {"USER_PROJECT_OVERRIDE"}
    | {"TF_PLUGIN_CACHE_DIR", "TF_REATTACH_PROVIDERS"}
)
ALLOWED_PREFIXES = ("GOOGLE_", "CLOUDSDK_")
LOCK_TIMEOUT = "60s"
SUPERVISOR = (sys.executable, "-IS", terraform_supervisor.__file__)
PLAN = "environment.tfplan"
VARIABLES = "environment.tfvars.json"
PARALLEL_READS = 30  # of a plan that nobody applies; Terraform's own ten are meant for changes
EXISTING = "existing"
LOCK_FILE = ".terraform.lock.hcl"
INITIALISED = "mlops-env-initialised"

OnEvent = Callable[[TerraformEvent], None]
log = logging.getLogger(__name__)


def ignore(event: TerraformEvent) -> None:
    """Report nothing."""


def child_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return what a Terraform process may see of ours."""
    child = {name: value for name, value in variables.items() if _is_allowed(name)}
    # A configuration file that is named and missing makes Terraform warn on every call.
    configuration = variables.get("TF_CLI_CONFIG_FILE", "")
    if Path(configuration).is_file():
        child["TF_CLI_CONFIG_FILE"] = configuration
    return child | {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1"}


def _is_allowed(name: str) -> bool:
    return name in ALLOWED or (name.startswith(ALLOWED_PREFIXES) and name not in TERRAFORM_IDENTITIES)


class Terraform:
    """The root module of one environment in its working folder.

    Attributes:
        folder: The working folder.
        log: The file with all that the last command said, where a folder for logs was given.
    """

    def __init__(
        self,
        folder: Path,
        addresses: Addresses,
        variables: Mapping[str, str] = os.environ,
        *,
        logs: Path | None = None,
    ) -> None:
        from python_terraform import Terraform as CommandBuilder

        self.log: Path | None = None
        self._logs = logs
        self.folder = folder
        self._addresses = addresses
        self._environment = child_environment(variables)
        self._builder = CommandBuilder(working_dir=str(folder), terraform_bin_path=find_terraform())

    def prepare(
        self, source: Path, existing: Collection[str] = (), texts: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """Copy the root module into the working folder, with a lock file where it has one.

        Args:
            source: The root module.
            existing: The parts that are somebody else's: their files in `existing/` take the place of the root's.
            texts: More files of the root, by their names.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        wanted = {name: file.read_bytes() for name, file in root_files(source, existing).items()}
        wanted |= {Path(name): text.encode() for name, text in texts.items()}
        for file in self.folder.rglob("*.tf"):
            if ".terraform" not in file.parts and file.relative_to(self.folder) not in wanted:
                file.unlink()
        for name, content in wanted.items():
            target = self.folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists() or target.read_bytes() != content:
                target.write_bytes(content)

    def write_variables(self, values: Mapping[str, Any]) -> None:
        """Write the root module's variables, for `plan`."""
        (self.folder / VARIABLES).write_text(json.dumps(values, indent=2, sort_keys=True))

    def init(self, bucket: str = "", prefix: str = "") -> None:
        """Initialise providers, modules and the backend, unless that was done and nothing has changed since.

        The backend is gcs where a bucket is given, else what the folder says.
        """
        storage = f"{self._addresses.service('storage.googleapis.com')}/storage/v1/b"
        backend = {"bucket": bucket, "prefix": prefix, "storage_custom_endpoint": storage} if bucket else {}
        mark = self.folder / DATA / INITIALISED
        if mark.is_file() and mark.read_text() == self._initialisation(backend):
            return
        self._run("init", ignore, input=False, reconfigure=True, no_color=True, backend_config=backend)
        mark.parent.mkdir(exist_ok=True)  # a module without providers and backend leaves no data
        mark.write_text(self._initialisation(backend))

    def _initialisation(self, backend: Mapping[str, str]) -> str:
        return initialisation_digest(self.folder, find_terraform(), backend, self._environment)

    def plan(self) -> bool:
        """Plan to a file, under the state's lock, for `apply` to carry out; tell whether it would change anything."""
        options = {"out": PLAN, "var_file": VARIABLES, "lock_timeout": LOCK_TIMEOUT}
        return not changes_nothing(self._run("plan", ignore, json=True, input=False, **options))

    def destroy(self, targets: Sequence[str], on_event: OnEvent, *, refresh: bool = True) -> tuple[str, ...]:
        """Destroy these addresses and what depends on them, in one go; return the addresses of what that removed.

        Args:
            targets: What is to go.
            on_event: Told of each event.
            refresh: Look at what is there; without, nothing is read, and what is gone already is found gone.
        """
        options = {"target": list(targets), "lock_timeout": LOCK_TIMEOUT, "auto_approve": True, "refresh": refresh}
        events = self._run("destroy", on_event, var_file=VARIABLES, json=True, input=False, **options)
        return tuple(sorted(event.address for event in events if event.kind == "apply_complete"))

    def read_plan(self, values: Mapping[str, Any], state: str | None, *, refresh: bool = True) -> dict[str, Any] | None:
        """Plan against a copy of the state, for nobody to apply; return the plan as `show_plan` does.

        None where nothing differs but what Google itself writes: to show a plan starts the provider once more. State,
        plan and variables are files of a private folder that ends with the call: they hold every value in clear.

        Args:
            values: The root module's variables.
            state: What to compare with, None for nothing. The folder's backend is the local one.
            refresh: Look at what is there; without, the state is taken for it.
        """
        with TemporaryDirectory(prefix="mlops-env-plan-") as private:
            plan, variables, copy = (Path(private) / name for name in (PLAN, VARIABLES, "copy.tfstate"))
            variables.write_text(json.dumps(values))
            if state is not None:
                copy.write_text(state)
            options = {"state": copy, "lock": False, "refresh": refresh, "parallelism": PARALLEL_READS}
            events = self._run("plan", ignore, out=plan, var_file=variables, json=True, input=False, **options)
            states = read_states(plan) if changes_nothing(events) else None
            return None if states and not has_news(*states) else self.show_plan(plan)

    def show_plan(self, plan: Path | str = PLAN) -> dict[str, Any]:
        """Return a saved plan: https://developer.hashicorp.com/terraform/internals/json-format. Values are in clear."""
        events = self._run("show", ignore, str(plan), json=True, no_color=True)
        return dict(json.loads("\n".join(event.message for event in events)))

    def apply(self, on_event: OnEvent) -> None:
        """Apply the plan that was saved."""
        self._run("apply", on_event, PLAN, json=True, input=False, lock_timeout=LOCK_TIMEOUT)

    def edit_state(self, edit: Callable[[str], str]) -> None:
        """Write an edited state, which must have the next serial: Terraform refuses any other, under its lock.

        The state is a file of a private folder that ends with the call.
        """
        events = self._run("state pull", ignore)
        with TemporaryDirectory(prefix="mlops-env-state-") as private:
            path = Path(private) / "edited.tfstate"
            path.write_text(edit("\n".join(event.message for event in events)))
            self._run("state push", ignore, str(path), lock_timeout=LOCK_TIMEOUT)

    def read_outputs(self) -> dict[str, Any]:
        """Return the root module's outputs by name, without those that are marked as sensitive."""
        events = self._run("output", ignore, json=True, no_color=True)
        outputs = json.loads("\n".join(event.message for event in events))
        return {name: one["value"] for name, one in outputs.items() if not one["sensitive"]}

    def discard_plan(self) -> None:
        """Remove the saved plan: it is good for one apply, and nothing of it should last."""
        (self.folder / PLAN).unlink(missing_ok=True)

    def _run(self, command: str, on_event: OnEvent, *arguments: str, **options: Any) -> list[TerraformEvent]:
        """Run a command, hand on its events as they come, and return them all.

        Raises:
            TerraformError: With Terraform's own diagnostic; one of the transient kinds where it may heal.
            StateLockedError: When somebody else holds the state lock, and has for LOCK_TIMEOUT.
        """
        from python_terraform import IsFlagged

        flags = {name: IsFlagged if value is True else value for name, value in options.items()}
        argv = self._builder.generate_cmd_string(command, *arguments, **flags)
        events: list[TerraformEvent] = []

        def hand_on(line: str) -> None:
            if log_lines:
                log_lines.write(line)
            event = _typed(line, is_json=command in ("plan", "apply", "destroy"))
            events.append(event)
            on_event(event)

        with self._log_file(command) as log_lines, self._process(argv, hand_on) as process:
            assert process.stdout is not None
            for line in process.stdout:
                hand_on(line)
        if process.returncode != 0:
            error = self._failure(command, events)
            if self.log and not isinstance(error, StateLockedError):  # which ends with a command to copy
                error.hint = "; ".join(filter(None, (error.hint, f"the full log is {self.log}")))
            raise error
        return events

    @contextmanager
    def _log_file(self, command: str) -> Iterator[LogFile | None]:
        """Open the file of a command whose words may be kept."""
        self.log = None
        if self._logs is None or command not in LOGGED:
            yield None
            return
        with log_file(self._logs, command) as lines:
            self.log = lines.path
            yield lines

    @contextmanager
    def _process(self, argv: list[str], on_line: Callable[[str], None]) -> Iterator[subprocess.Popen[str]]:
        """Start Terraform in a session of its own; when we are stopped, let it write its state and release its lock.

        What it still does then is handed on as well.
        """
        process = subprocess.Popen(
            [*SUPERVISOR, *argv],
            cwd=self.folder,
            env=self._environment | self._identity(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            pass_fds=held_descriptors(self.folder),
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process
        except BaseException:
            if process.poll() is None:
                log.warning("Stopping Terraform: it ends its calls, writes its state and releases its lock")
                process.stdin.close()
                for line in process.stdout:
                    on_line(line)
            raise
        finally:
            process.stdin.close()
            process.stdout.close()
            process.wait()

    def _identity(self) -> dict[str, str]:
        """Return a new token of whom the spec says to be, for one command: it lasts an hour, and cannot be renewed.

        Provider and backend could ask for tokens themselves, but at an address that cannot be moved.
        """
        return {TOKEN: access_token(self._addresses, is_new=True)} if is_given(self._addresses) else {}

    def _failure(self, command: str, events: list[TerraformEvent]) -> TerraformError:
        errors = reported_errors(events)
        if not errors:
            said = plain_error(event.message for event in events)
            hint = f"if you chose another provider, remove {self.folder / LOCK_FILE}" if "checksums" in said else ""
            return failure_type(command, said)(f"terraform {command} failed: {said}", hint)
        # What does not heal comes first: waiting for the others would be in vain.
        types = [failure_type(command, diagnostic.text) for diagnostic in errors]
        diagnostic, kind = min(zip(errors, types, strict=True), key=lambda pair: issubclass(pair[1], TransientError))
        if diagnostic.summary == "Error acquiring the state lock" and kind is TerraformError:
            return self._locked(command, diagnostic)
        hint = refusal_hint(diagnostic.text, lambda: principal(self._addresses))
        return kind(f"terraform {command}: {diagnostic.one_line()}", hint, address=diagnostic.address)

    def _locked(self, command: str, diagnostic: Diagnostic) -> StateLockedError:
        """Name who holds the lock, since when, and how to release it by hand."""
        lock = parse_state_lock(diagnostic.detail)
        if lock is None:
            return StateLockedError(f"terraform {command}: {diagnostic.one_line()}", "wait for the other run to end")
        release = shlex.join([find_terraform(), f"-chdir={self.folder}", "force-unlock", "-force", lock.lock_id])
        return StateLockedError(
            f"terraform {command}: the state is locked {lock.describe(datetime.now(UTC))}",
            f"wait for that run to end; if it is no more, release its lock with: {release}",
        )


@contextmanager
def alone_in(folder: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """Be alone in a working folder; a saved plan, which has every value in clear, ends with that.

    Raises:
        StateLockedError: When another run on this machine stays in it.
    """
    with holding(folder, on_wait):
        (folder / PLAN).unlink(missing_ok=True)  # of a run that was killed
        try:
            yield
        finally:
            (folder / PLAN).unlink(missing_ok=True)


def root_files(source: Path, existing: Collection[str]) -> dict[Path, Path]:
    """Return the files of a working folder, each with the one that it is a copy of."""
    files = {file.relative_to(source): file for file in (*source.rglob("*.tf"), *source.glob(LOCK_FILE))}
    return files | {Path(f"{part}.tf"): source / EXISTING / f"{part}.tf" for part in existing}


def _typed(line: str, *, is_json: bool) -> TerraformEvent:
    return parse_event(line) if is_json else TerraformEvent("text", line.rstrip("\n"))


def working_folder(addresses: Addresses, bucket: str, prefix: str) -> Path:
    """Return the working folder of an environment, apart for each cloud, state bucket and prefix."""
    base = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "mlops-env"
    key = hashlib.sha256(f"{addresses.endpoint or 'google'} {bucket}/{prefix}".encode()).hexdigest()[:12]
    return base / "terraform" / f"{prefix.rsplit('/', 1)[-1]}-{key}"
