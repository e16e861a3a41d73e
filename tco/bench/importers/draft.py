"""What a file says of an operating point, before the options fill what it does not say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tco.bench.importers.source import Fields
from tco.describe.profile import Stat
from tco.units import MS_PER_S

OLDEST = datetime(2020, 1, 1, tzinfo=UTC)  # no tool read here is older: an earlier date is a clock that was not set
COUNT_FRAC = 0.05  # counts further apart than this contradict each other

# Our statistic and the names tools give it.
STATS: Mapping[Stat, tuple[str, ...]] = {
    "mean": ("mean", "avg"), "p50": ("p50", "median"), "p90": ("p90",), "p95": ("p95",), "p99": ("p99",),
    "min": ("min",), "max": ("max",), "std": ("std", "stddev", "std_dev", "stdev"),
}  # fmt: skip


@dataclass
class Draft:
    """One operating point as the file states it. Names are the file's own; empty or None is what it does not say.

    ``row`` holds fields of ``ProfileRow``; ``asked_output_tok`` what each request was asked to generate.
    """

    tool: str
    tool_version: str = ""
    format: str = ""
    model: str = ""
    hardware: str = ""
    dtype: str = ""
    kv_dtype: str = ""
    engine: str = ""
    engine_version: str = ""
    driver: str = ""
    n_gpus: int | None = None
    at: datetime | None = None
    asked_output_tok: float | None = None
    row: dict[str, Any] = field(default_factory=dict)
    micro: dict[str, Any] = field(default_factory=dict)
    estimated: bool = False
    flags: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def put(self, **values: Any) -> None:
        """Set fields of the row; a value of None or nothing sets none."""
        self.row |= {name: value for name, value in values.items() if value is not None and value != {}}


def stats(fields: Fields, factor: float = 1.0) -> dict[Stat, float]:
    """The statistics of a distribution times a factor; percentiles may stand in an object of their own."""
    inner = fields.at("percentiles") if isinstance(fields.held.get("percentiles"), dict) else fields
    found: dict[Stat, float] = {}
    for stat, names in STATS.items():
        for held in (fields, inner):
            value = next((number for name in names if (number := held.number(name)) is not None), None)
            if value is not None:
                found.setdefault(stat, value * factor)
    return found


def suffixed(fields: Fields, name: str, factor: float = 1.0) -> dict[Stat, float]:
    """The statistics of keys such as ``mean_ttft_ms`` and ``p99_ttft_ms`` times a factor."""
    found: dict[Stat, float] = {}
    for stat, names in STATS.items():
        value = next((number for each in names if (number := fields.number(f"{each}_{name}")) is not None), None)
        if value is not None:
            found[stat] = value * factor
    return found


def epoch(seconds: float | None) -> datetime | None:
    """An instant of a clock in seconds since 1970; None where the clock was not set."""
    try:
        at = None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return at if at is not None and at >= OLDEST else None


def stamp(text: str, pattern: str = "") -> datetime | None:
    """An instant as a tool writes it, taken as UTC where it names no zone; None for anything else."""
    try:
        at = datetime.strptime(text, pattern) if pattern else datetime.fromisoformat(text)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at if at >= OLDEST else None


def in_ms(found: Mapping[Stat, float]) -> dict[Stat, float]:
    """Seconds as milliseconds."""
    return {stat: value * MS_PER_S for stat, value in found.items()}


def apart(one: float, other: float) -> bool:
    """Whether two counts of the same thing contradict each other."""
    return abs(one - other) > COUNT_FRAC * max(one, other)


def mean(values: list[float]) -> float | None:
    """The mean of some numbers, None of none."""
    return sum(values) / len(values) if values else None
