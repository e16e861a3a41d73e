"""How a stated number relates to a computed one: the same, partly, not at all, or the same digits in another unit."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal, NamedTuple

from tco.check.claims.quantity import Quantity

Relation = Literal["agrees", "part", "misses"]

CLOSE_FRAC = 0.05  # two figures this close are the same figure, rounded on the way
ROUNDED_FRAC = 0.12  # as far as the last digit written may carry a figure
ABOUT_FRAC = 0.15  # for "about", "~" and "roughly"
EXACT_FRAC = 0.005  # list prices are quoted exactly
SLIPS = (3, -3, 6, -6)
_ADVICE = {
    3: "1,000 times too high: per 1M read as per 1K",
    -3: "1,000 times too low: per 1K read as per 1M",
    6: "1,000,000 times too high: per 1M read as per token",
    -6: "1,000,000 times too low: per token read as per 1M",
}


class Slip(NamedTuple):
    """A power of ten that turns the stated digits into the computed ones."""

    power: int

    @property
    def advice(self) -> str:
        """What kind of slip it is."""
        return _ADVICE[self.power]


def tolerance(stated: Quantity, close_frac: float = CLOSE_FRAC) -> float:
    """How far from the stated number a figure may lie and still be the same, as a share of it."""
    size = max(abs(stated.low), abs(stated.high))
    if stated.bound == "about":
        return ABOUT_FRAC
    if not size or close_frac == EXACT_FRAC:
        return close_frac
    return max(close_frac, min(stated.step / 2 / size, ROUNDED_FRAC))


def relate(stated: Quantity, low: float, high: float, close_frac: float = CLOSE_FRAC) -> Relation:
    """Compare a stated number, range or bound with a computed range.

    ``agrees``: it follows for all of the computed range. ``part``: only for a part of it. ``misses``: for none.
    A stated range that encloses the computed one agrees; a stated 0 agrees with 0 alone; ``up to`` is held by the
    best computed value; a tie is neither more nor less.
    """
    tol = tolerance(stated, close_frac)
    if stated.bound in ("at_least", "more_than"):
        slack = _room(stated, stated.low, min(tol, CLOSE_FRAC))[0]
        return _above(stated.low, low, high, slack, strict=stated.bound == "more_than")
    if stated.bound in ("at_most", "less_than"):
        slack = _room(stated, stated.high, min(tol, CLOSE_FRAC))[1]
        return _above(-stated.high, -high, -low, slack, strict=stated.bound == "less_than")
    if stated.bound == "up_to":
        return "agrees" if high >= stated.high - _room(stated, stated.high, tol)[0] else "misses"
    if not stated.low and not stated.high:
        return "agrees" if max(abs(low), abs(high)) <= stated.step / 2 * _points(stated) else "misses"
    least, most = stated.low - _room(stated, stated.low, tol)[0], stated.high + _room(stated, stated.high, tol)[1]
    if least <= low and high <= most:
        return "agrees"
    return "misses" if high < least or low > most else "part"


def _points(stated: Quantity) -> float:
    # "0 points" is a rounded gap; 0 dollars is a claim that something is free.
    return 1.0 if stated.unit in ("points", "point", "%", "percent") else 0.0


def _room(stated: Quantity, end: float, tol: float) -> tuple[float, float]:
    """How far below and above an end of the stated range a figure may lie and still be that end.

    A saving of 95% is 20 times cheaper and one of 94% only 17 times: 5% of the saving would hide that, so its room is
    a share of the smaller of the saving and what is left, or half of the last digit written, the larger.
    """
    if not stated.saved:
        return abs(end) * tol, abs(end) * tol
    share = end if stated.saved == "share" else 1 - 1 / end
    close = ABOUT_FRAC if stated.bound == "about" else CLOSE_FRAC
    room = max(stated.step / 2, close * min(share, 1 - share))
    if stated.saved == "share":
        return room, room
    left = 1 - share - room
    return end - 1 / (1 - share + room), (1 / left if left > 0 else math.inf) - end


def _above(limit: float, low: float, high: float, slack: float, *, strict: bool) -> Relation:
    # A bound is met by what lies on its side; only an inclusive one may be missed by a rounding.
    if low > limit or (not strict and low >= limit - slack):
        return "agrees"
    return "part" if high > limit else "misses"


def slip(
    stated: Quantity, low: float, high: float, powers: tuple[int, ...] = SLIPS, *, partly: bool = False
) -> Slip | None:
    """The power of ten by which the stated digits miss, if scaling by it makes them agree (or, if asked, partly).

    A bound counts as its own number here: what lies anywhere above a limit is not the same digits.
    """
    if not (stated.low or stated.high):
        return None
    for power in powers:
        found = relate(replace(stated.scaled(10.0**-power), bound="is", saved=""), low, high)
        if found == "agrees" or (partly and found == "part"):
            return Slip(power)
    return None
