"""How long ago something was, in the words of `k8s.io/apimachinery/pkg/util/duration`."""

from __future__ import annotations

from datetime import UTC, datetime


def age(timestamp: str | None) -> str:
    """Return how long ago a time was, as kubectl writes it."""
    if not timestamp:
        return "<unknown>"
    return human_duration((datetime.now(UTC) - datetime.fromisoformat(timestamp)).total_seconds())


def human_duration(seconds: float) -> str:
    """Return a duration with its one or two largest units."""
    total = int(seconds)
    if total < -1:
        return "<invalid>"
    if total < 0:
        return "0s"
    minutes, hours, days = total // 60, total // 3600, total // 86400
    if total < 120:
        return f"{total}s"
    if minutes < 10:
        return f"{minutes}m{total % 60}s" if total % 60 else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    if hours < 192:
        return f"{days}d{hours % 24}h" if hours % 24 else f"{days}d"
    if days < 730:
        return f"{days}d"
    years = days // 365
    if years < 8:
        return f"{years}y{days % 365}d" if days % 365 else f"{years}y"
    return f"{years}y"
