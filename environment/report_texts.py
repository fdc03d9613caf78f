"""What a create looks like to people afterwards, as Markdown: addresses and versions, steps, what changed, warnings."""

from __future__ import annotations

from environment.reports import CreateReport, describe_changes
from environment.steps import DEPLOY_KFP, ENABLE_SERVICES, PROVISION_INFRA

SHOWN = 40


def create_markdown(report: CreateReport) -> str:
    """Return the whole report as Markdown."""
    lines = [f"# {report.environment}: {describe_changes(report.change_count).lower()}", ""]
    lines += [
        *_table(("what is there", ""), _what_is_there(report)),
        "",
        *_table(("step", "changed", "time"), _steps(report)),
    ]
    changes = (
        *(f"enable {service}" for service in report.services.changed),
        *report.infrastructure.changes,
        *report.pipelines.changes,
    )
    if changes:
        lines += ["", "## What changed", "", *(f"- {_plain(change)}" for change in changes[:SHOWN])]
    if len(changes) > SHOWN:
        lines.append(f"- and {len(changes) - SHOWN} more, in the artifacts of the steps")
    warnings = (*report.services.warnings, *report.pipelines.warnings)
    if warnings:
        lines += ["", "## Warnings", "", *(f"- {_plain(warning)}" for warning in warnings)]
    return "\n".join(lines) + "\n"


def _what_is_there(report: CreateReport) -> list[tuple[str, ...]]:
    outputs, pipelines = report.infrastructure.outputs, report.pipelines
    record = pipelines.record
    health = "healthy" if pipelines.healthy else "not healthy"
    rows = [
        ("Kubeflow Pipelines", f"[{record.url}]({record.url})" if record.url else "no address yet"),
        ("version", f"{record.version} from {record.source} at {record.commit[:12]}, {health}"),
        ("objects", f"{pipelines.object_count} in namespace {record.namespace}"),
        ("cluster", f"{outputs.cluster.name} ({outputs.cluster.location})"),
        ("database", f"{outputs.database.connection_name} ({outputs.database.version})"),
        ("artifacts", outputs.artifact_store.url),
        ("services", f"{len(report.services.enabled)} enabled"),
    ]
    if notebook := outputs.notebook:
        rows.append(("notebook", f"{notebook.name} ({notebook.location})"))
    return list(rows)


def _steps(report: CreateReport) -> list[tuple[str, ...]]:
    counts = {
        ENABLE_SERVICES: report.services.change_count,
        PROVISION_INFRA: report.infrastructure.change_count,
        DEPLOY_KFP: report.pipelines.change_count,
    }
    return [
        (step, str(count), f"{report.seconds[step]:.1f} s" if step in report.seconds else "skipped")
        for step, count in counts.items()
    ]


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    lines = [head, tuple("---" for _ in head), *rows]
    return [f"| {' | '.join(_plain(cell) for cell in line)} |" for line in lines]


def _plain(text: str) -> str:
    """Keep text from being markup: a line and a bar would end a row, stars and underscores would set it in italics."""
    return " ".join(text.replace("|", "\\|").replace("*", "\\*").replace("_", "\\_").split())
