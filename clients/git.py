"""Run git as a program of our own: no prompt, no hooks, no configuration of the user or the machine."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from environment.errors import MlopsEnvError, RenderError, UnreachableError

INHERITED = ("PATH", "HOME", "TMPDIR", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR")
PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy")
SETTINGS = {
    "core.hooksPath": os.devnull,
    "safe.directory": "*",  # a mirror may belong to somebody else; nothing in it is run
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "10",
    "advice.detachedHead": "false",
    "init.defaultBranch": "main",
    "gc.auto": "0",
}
IDENTITY = {  # fixed, so that equal files make an equal commit
    **{f"GIT_{who}_NAME": "mlops-env" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "mlops-env@localhost" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_DATE": "2000-01-01T00:00:00Z" for who in ("AUTHOR", "COMMITTER")},
}


def git_environment(settings: Mapping[str, str], inherited: Sequence[str] = INHERITED) -> dict[str, str]:
    """Return the environment of a process that is, or runs, git.

    Args:
        settings: Git configuration beyond SETTINGS, such as `url.<base>.insteadOf`.
        inherited: The variables of ours that it gets.
    """
    variables = {name: os.environ[name] for name in inherited if name in os.environ}
    variables |= IDENTITY
    variables |= {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    for index, (key, value) in enumerate({**SETTINGS, **settings}.items()):
        variables |= {f"GIT_CONFIG_KEY_{index}": key, f"GIT_CONFIG_VALUE_{index}": value}
    return variables | {"GIT_CONFIG_COUNT": str(len({**SETTINGS, **settings}))}


def git(*arguments: str, folder: Path, timeout_seconds: float = 60) -> str:
    """Run one command in a folder and return what it printed.

    Raises:
        UnreachableError: It took longer than `timeout_seconds`, or the other end did not answer.
        RenderError: Any other failure, in git's own words.
    """
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env=git_environment({}, (*INHERITED, *PROXIES)),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UnreachableError(f"git {arguments[0]} took longer than {timeout_seconds:.0f} s") from error
    except FileNotFoundError as error:
        raise RenderError("git was not found", "install git and put it on PATH") from error
    if done.returncode:
        raise _failure(arguments[0], done.stderr)
    return done.stdout


def _failure(command: str, stderr: str) -> MlopsEnvError:
    lines = [line.strip() for line in stderr.splitlines() if line.strip()] or ["no message"]
    line = next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[-1])
    unreachable = ("unable to access", "Could not resolve", "unable to connect", "timed out", "early EOF", "RPC failed")
    kind = UnreachableError if any(word in stderr for word in unreachable) else RenderError
    return kind(f"git {command}: {line[:300]}")
