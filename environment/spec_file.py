"""Read a spec file: find it, lay overrides over it, and say in one line what is wrong and what would be right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from environment.errors import SpecError
from environment.paths import project_root
from environment.spec import Environment

BLOCK = "block:"
"""How the name of an environment begins whose spec is kept on a Prefect server; tasks/environment_block.py reads it."""


def find_spec(environment: str) -> Path:
    """Return the file of an environment: a name in `deployments/`, or a path.

    Raises:
        SpecError: When there is no such file; names the known environments.
    """
    if environment.endswith((".yaml", ".yml")) or "/" in environment:
        path = Path(environment)
        if not path.is_file():
            raise SpecError(f"{path}: no such file")
        return path
    path = project_root() / "deployments" / f"{environment}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in path.parent.glob("*.yaml")))
        raise SpecError(f"{environment}: no such environment in deployments/", f"use one of {known}, or a file's path")
    return path


def find_specs(environments: Sequence[str] = ()) -> tuple[str, ...]:
    """Return names and paths, each for one spec.

    Args:
        environments: Names, paths, and folders, which stand for all specs in them. None at all stands for those in
            `deployments/` that are not for the sandbox by themselves.

    Raises:
        SpecError: When a folder has none, or one in `deployments/` is wrong.
    """
    if not environments:
        names = [file.stem for file in sorted((project_root() / "deployments").glob("*.yaml"))]
        return tuple(name for name in names if load_environment(name).cloud != "sandbox")
    return tuple(spec for environment in environments for spec in _in_folder(environment))


def _in_folder(environment: str) -> Sequence[str]:
    folder = Path(environment)
    if "/" not in environment or not folder.is_dir():
        return (environment,)
    files = sorted(file for file in folder.iterdir() if file.suffix in (".yaml", ".yml"))
    if not files:
        raise SpecError(f"{folder}: no spec in this folder", "give a folder with YAML files")
    return tuple(str(file) if "/" in str(file) else f"./{file}" for file in files)


def load_environment(environment: str, overrides: Sequence[str] = ()) -> Environment:
    """Read, override and validate the spec of an environment.

    Args:
        environment: A name in `deployments/`, or a path.
        overrides: "KEY=VALUE" with dotted spec fields; the value is YAML.

    Raises:
        SpecError: One line with file, field and what would be right.
    """
    path = find_spec(environment)
    return parse_environment(_read_document(path), overrides, str(path))


def parse_environment(fields: Mapping[str, Any], overrides: Sequence[str], source: str) -> Environment:
    """Override and validate the fields of a spec; `source` is what an error calls them.

    Raises:
        SpecError: One line with source, field and what would be right.
    """
    document = deepcopy(dict(fields))
    for override in overrides:
        _set_override(document, override)
    try:
        return Environment.model_validate(document)
    except ValidationError as error:
        raise SpecError(f"{source}: {_explain(_most_telling(error.errors()))}") from None


def _read_document(path: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise SpecError(f"{path}{line}: not valid YAML: {getattr(error, 'problem', None) or error}") from None
    except UnicodeDecodeError:
        raise SpecError(f"{path}: not UTF-8 text") from None
    if not isinstance(document, dict):
        raise SpecError(f"{path}: a spec is a mapping of fields such as name, role and project_id")
    return document


def _set_override(document: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise SpecError(f"--set {override}: give KEY=VALUE, such as cluster.max_nodes=8")
    *parents, last = key.split(".")
    _check_field(override, [*parents, last])
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        raise SpecError(f"--set {override}: the value is not valid YAML") from None
    below = document
    for parent in parents:
        below = below.setdefault(parent, {})
        if not isinstance(below, dict):
            raise SpecError(f"--set {override}: {parent} is no mapping in the spec")
    below[last] = value


def _check_field(override: str, path: Sequence[str]) -> None:
    model: type[BaseModel] | None = Environment
    for depth, name in enumerate(path):
        if model is None:
            if path[0] == "labels" and len(path) == 2:
                return
            raise SpecError(f"--set {override}: {'.'.join(path[:depth])} has no fields")
        if name not in model.model_fields:
            raise SpecError(f"--set {override}: unknown field {'.'.join(path[: depth + 1])}{_nearest(name, model)}")
        model = _model_of(model.model_fields[name].annotation)


def _nearest(name: str, model: type[BaseModel]) -> str:
    close = get_close_matches(name, model.model_fields, n=1, cutoff=0.5)
    return f": did you mean {close[0]}?" if close else f": known are {', '.join(model.model_fields)}"


def _model_at(location: Sequence[int | str]) -> type[BaseModel]:
    model: type[BaseModel] = Environment
    for name in location:
        below = _model_of(model.model_fields[str(name)].annotation)
        if below is None:
            break
        model = below
    return model


def _model_of(annotation: Any) -> type[BaseModel] | None:
    """Return the model that a field holds, also one that may be left out."""
    models = (
        one for one in (annotation, *get_args(annotation)) if isinstance(one, type) and issubclass(one, BaseModel)
    )
    return next(models, None)


def _most_telling(errors: list[ErrorDetails]) -> ErrorDetails:
    """Prefer a wrong role to all that is missing because no role filled it in."""
    return next((error for error in errors if error["loc"] == ("role",)), errors[0])


def _explain(error: ErrorDetails) -> str:
    """Turn pydantic's first error into one line: field, what is wrong, what would be right."""
    location = error["loc"]
    field = ".".join(str(part) for part in location)
    kind = error["type"]
    if kind == "extra_forbidden":
        return f"unknown field {field}{_nearest(str(location[-1]), _model_at(location[:-1]))}"
    if kind == "missing":
        return f"{field}: is missing"
    if kind == "literal_error":
        return f"{field}: '{error['input']}' is unknown: use {error.get('ctx', {}).get('expected')}"
    if kind == "model_type" and field:
        return f"{field}: has the fields {', '.join(_model_at(location).model_fields)}, this is {error['input']!r}"
    message = error["msg"].removeprefix("Value error, ")
    prefix = f"{field}: " if field else ""
    if kind == "value_error":
        return f"{prefix}{message}"
    if kind == "string_pattern_mismatch":
        return f"{prefix}'{error['input']}' does not match {error.get('ctx', {}).get('pattern')}"
    return f"{prefix}{message[0].lower()}{message[1:]}, this is {error['input']!r}"
