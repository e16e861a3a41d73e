"""Verdicts, and which of several decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

Verdict = Literal[
    "unit_error", "arithmetic_error", "contradicts", "stale", "needs_assumption", "unverifiable", "consistent"
]
# The first that applies decides. What nothing speaks about is unverifiable only when nothing else was found.
ORDER: tuple[Verdict, ...] = (
    "unit_error", "arithmetic_error", "stale", "contradicts", "needs_assumption", "consistent", "unverifiable",
)  # fmt: skip
# What a claim takes over from an input it is computed from, when its own arithmetic is right.
INHERITED: tuple[Verdict, ...] = ("unit_error", "arithmetic_error", "contradicts", "stale", "needs_assumption")


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict with the arithmetic behind it, what it rests on, and how far off the claim is (a factor >= 1)."""

    verdict: Verdict
    lines: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    off: float = 1.0


def worst(outcomes: Sequence[Outcome]) -> Outcome:
    """The outcome that decides, with the lines of all, in the order they were found."""
    if not outcomes:
        return Outcome("unverifiable", ("no input, no fact and no price speaks about this",))
    first = min(outcomes, key=lambda each: ORDER.index(each.verdict))
    lines = tuple(dict.fromkeys(line for each in outcomes for line in each.lines))
    same = [each for each in outcomes if each.verdict == first.verdict]
    against = tuple(dict.fromkeys(name for each in same for name in each.against))
    return replace(first, lines=lines, against=against, off=max(each.off for each in outcomes))
