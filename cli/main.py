"""The `mlops-env` command. Starts in under half a second: heavy imports happen inside the commands."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from typing import Any, NoReturn

import typer

from cli import (
    adopt,
    approve,
    create,
    destroy,
    doctor,
    drift,
    history,
    kubeconfig,
    plan,
    register,
    rotate_secrets,
    sandbox,
    schema,
    status,
    ui,
)
from cli.report import fail
from environment.errors import MlopsEnvError, SpecError

EXIT_FAILED = 1
EXIT_USAGE = 64
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143
UsageError: Any = typer.BadParameter.__base__  # typer brings its own click and names only this class of it

app = typer.Typer(
    name="mlops-env",
    help="Stand up, check and change a reference machine-learning environment on Google Cloud.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(create.create)
app.command()(plan.plan)
app.command()(drift.drift)
app.command()(doctor.doctor)
app.command()(approve.approve)
app.command()(adopt.adopt)
app.command()(rotate_secrets.rotate_secrets)
app.command()(destroy.destroy)
app.command()(status.status)
app.command()(history.history)
app.command()(ui.ui)
app.command()(kubeconfig.kubeconfig)
app.command()(schema.schema)
app.command()(register.register)
app.add_typer(sandbox.app, name="sandbox")


def _print_version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version

        typer.echo(version("mlops-env"))
        raise typer.Exit


@app.callback()
def options(
    debug: bool = typer.Option(False, "--debug", help="Show a traceback when something fails."),
    version: bool = typer.Option(False, "--version", help="Print the version.", is_eager=True, callback=_print_version),
) -> None:
    """Stand up, check and change a reference machine-learning environment on Google Cloud."""
    if debug:
        os.environ["MLOPS_ENV_DEBUG"] = "1"


class Terminated(BaseException):
    """The process was told to end, by SIGTERM; a run that is under way ends as it does when interrupted."""


def _terminate(number: int, frame: object) -> NoReturn:
    # While a flow runs Prefect's own handler is in this one's place, and calls it when the run has ended.
    raise Terminated


def main() -> None:
    """Run the command: 0 done, 1 failed, 64 bad usage or spec, 130 interrupted, 143 terminated."""
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        _main()
    except Terminated:
        fail("terminated; run the same command again to go on", EXIT_TERMINATED)
    finally:
        signal.signal(signal.SIGTERM, before)


def _main() -> None:
    # google.api_core says so of every Python but the newest, on every start.
    warnings.filterwarnings("ignore", "You are using a Python version", FutureWarning)
    try:
        code = app(standalone_mode=False)
        if code == EXIT_INTERRUPTED:  # so does typer answer an interrupt
            raise KeyboardInterrupt
        sys.exit(code if isinstance(code, int) else 0)
    except typer.Exit as exit_:
        sys.exit(exit_.exit_code)
    except UsageError as error:
        said = error.format_message().replace("Value error, ", "").rstrip(".")
        fail(f"{said}; see `mlops-env --help`", EXIT_USAGE)
    except SpecError as error:
        fail(str(error), EXIT_USAGE)
    except MlopsEnvError as error:
        fail(str(error), EXIT_FAILED)
    except (KeyboardInterrupt, typer.Abort):
        fail("interrupted; run the same command again to go on", EXIT_INTERRUPTED)
    except Exception as error:
        fail(f"{type(error).__name__}: {error}; this is not expected: see it with mlops-env --debug", EXIT_FAILED)
