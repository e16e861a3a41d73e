"""Numbers as people read them: three figures and never an exponent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date


def figures(value: float | None, digits: int = 3) -> str:
    """A number with three significant figures, thousands separated; a dash where there is none."""
    if value is None:
        return "–"
    if not math.isfinite(value):
        return "never" if value > 0 else "–"
    if value == 0:
        return "0"
    magnitude = math.floor(math.log10(abs(value)))
    decimals = max(digits - 1 - magnitude, 0)
    return f"{value:,.{min(decimals, 12)}f}"


def usd(value: float | None) -> str:
    """Money of a bill: cents from one dollar up, three figures below."""
    if value is None:
        return "–"
    return f"{value:,.2f}" if abs(value) >= 1 or value == 0 else figures(value)


def percent(value: float | None) -> str:
    """A share as a percentage."""
    if value is None:
        return "–"
    return f"{value:.0%}" if value >= 0.1 or value == 0 else f"{100 * value:.2g}%"


def span(low: float | None, high: float | None) -> str:
    """A p10 to p90 range."""
    if low is None or high is None:
        return "–"
    return figures(low) if math.isclose(low, high, rel_tol=1e-9) else f"{figures(low)} – {figures(high)}"


def milliseconds(seconds: float | None) -> str:
    """A latency in ms."""
    return "–" if seconds is None else f"{figures(seconds * 1e3)} ms" if seconds < 10 else f"{figures(seconds)} s"


def age(day: date | None, on: date) -> str:
    """How old a figure is."""
    if day is None:
        return "–"
    days = (on - day).days
    return f"{day.isoformat()} ({days} d)"


def bullets(lines: Sequence[str]) -> str:
    """One line a bullet."""
    return "\n".join(f"  - {line}" for line in lines)
