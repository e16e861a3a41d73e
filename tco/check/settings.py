"""What ``tco.toml`` says about the gate: the level of each rule, the limits, and rules for results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from tco.check.finding import RULES, Level
from tco.errors import InvalidInputError, Problem

# Limits by name, in the unit of the name. `[check.limits]` of tco.toml replaces single ones.
LIMITS: Mapping[str, float] = {
    "price_days": 45.0,
    "hardware_days": 180.0,
    "electricity_days": 400.0,
    "other_days": 180.0,
    "drift_frac": 0.01,
    "max_step_frac": 0.8,
    "min_usd_per_tok": 1e-9,
    "max_usd_per_tok": 1e-3,
}  # fmt: skip
TABLES = ("rules", "limits", "budget", "verdict")  # tables of [check]; its other settings are options


@dataclass(frozen=True)
class Settings:
    """Levels of rules that differ from the default, limits, and what is asked of every result."""

    levels: Mapping[str, Level] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=lambda: dict(LIMITS))
    budgets: tuple[Mapping[str, Any], ...] = ()
    verdicts: tuple[Mapping[str, Any], ...] = ()

    def level(self, rule: str) -> Level:
        """Off, note, warning or error."""
        return self.levels.get(rule, RULES[rule][0])

    def limit(self, name: str) -> float:
        """A limit by name."""
        return self.limits[name]


def read(path: Path) -> Settings:
    """The settings of a ``tco.toml`` that may not be there; raises InvalidInputError with every problem."""
    if not path.is_file():
        return Settings()
    import tomllib

    try:
        stated = tomllib.loads(path.read_text(encoding="utf-8")).get("check", {})
    except (OSError, ValueError) as error:
        raise InvalidInputError([Problem(str(path), 0, 0, "", f"cannot be read: {error}")]) from None
    problems: list[Problem] = []

    def wrong(name: str, message: str) -> None:
        problems.append(Problem(str(path), 0, 0, f"check.{name}", message))

    levels, limits = _levels(stated.get("rules", {}), wrong), _limits(stated.get("limits", {}), wrong)
    budgets, verdicts = (_tables(stated.get(name, []), name, wrong) for name in ("budget", "verdict"))
    if problems:
        raise InvalidInputError(problems)
    return Settings(levels, {**LIMITS, **limits}, budgets, verdicts)


def _levels(held: Any, wrong: Any) -> dict[str, Level]:
    if not isinstance(held, dict):
        wrong("rules", f"got {held!r}; expected a table of rule = level")
        return {}
    for name, level in held.items():
        if name not in RULES:
            wrong(f"rules.{name}", f"no such rule{_meant(name, RULES)} expected one of: {', '.join(RULES)}")
        elif level not in get_args(Level):
            wrong(f"rules.{name}", f"got {level!r}; expected one of: {', '.join(get_args(Level))}")
        elif name == "schema" and level != "error":
            wrong(f"rules.{name}", "a file that cannot be read is always an error")
    return held


def _limits(held: Any, wrong: Any) -> dict[str, float]:
    if not isinstance(held, dict):
        wrong("limits", f"got {held!r}; expected a table of limit = number")
        return {}
    found: dict[str, float] = {}
    for name, limit in held.items():
        if name not in LIMITS:
            wrong(f"limits.{name}", f"no such limit{_meant(name, LIMITS)} expected one of: {', '.join(LIMITS)}")
        elif isinstance(limit, bool) or not isinstance(limit, int | float) or not 0 <= limit < float("inf"):
            wrong(f"limits.{name}", f"got {limit!r}; expected a number of at least 0")
        else:
            found[name] = float(limit)
    return found


def _tables(held: Any, name: str, wrong: Any) -> tuple[Mapping[str, Any], ...]:
    tables = held if isinstance(held, list) else [held]
    if not all(isinstance(each, dict) for each in tables):
        wrong(name, f"got {held!r}; expected a table: write [check.{name}] and its settings below")
        return ()
    return tuple(tables)


def _meant(name: str, known: Mapping[str, Any]) -> str:
    near = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ";"
