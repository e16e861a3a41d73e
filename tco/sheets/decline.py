"""How fast prices fall: a straight line through the logarithm of prices, its halving time and interval."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from tco.describe.offer import RateRow, TokenOffer, When
from tco.price.rates import instant

INPUT_SHARE, OUTPUT_SHARE = 3, 1  # tokens of a blend: three of input to one of output
Z_95 = 1.6448536269514722  # 95th percentile of the normal distribution: both ends of a 90% interval
MIN_POINTS = 4
T_95 = {1: 6.313751515, 2: 2.919985580}  # of Student's t, where the expansion is poor


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A list price that began: the blend of one model at one seller."""

    provider: str
    model: str
    day: date
    usd_per_mtok: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Decline:
    """The fitted line: USD per Mtok on its first day, and days until it halves with a 90% interval.

    ``halving_days`` is inf for a flat or rising line; ``high_days`` is inf when a flat line lies in the interval.
    """

    first: date
    usd_on_first: float
    per_day: float
    halving_days: float
    low_days: float
    high_days: float
    n_points: int

    def usd(self, days: NDArray[np.float64]) -> NDArray[np.float64]:
        """The line, days after its first."""
        return self.usd_on_first * np.exp(self.per_day * days)


def points(offers: Iterable[TokenOffer], *, until: date | datetime) -> list[Point]:
    """The start of every dated standard price with input and output above 0, up to a day, as a 3:1 blend.

    Undated rows (seen in a snapshot) say nothing about when a price began, so they are left out; so are floating
    routes, promotions, rumours and free offers.
    """
    found = {
        (offer.provider, offer.model, instant(row.since).date()): blend(row)
        for offer in offers
        if not offer.floating
        for row in offer.rates
        if row.when == When() and row.observed is None and not row.promo and row.kind != "rumoured"
        and instant(row.since) <= instant(until) and row.usd_per_mtok.get("input") and row.usd_per_mtok.get("output")
    }  # fmt: skip
    return sorted(
        (Point(provider=key[0], model=key[1], day=key[2], usd_per_mtok=usd) for key, usd in found.items()),
        key=lambda point: (point.day, point.provider, point.model),
    )


def blend(row: RateRow) -> float:
    """USD of a million tokens, three of input to one of output."""
    usd_in, usd_out = row.usd_per_mtok["input"], row.usd_per_mtok["output"]
    return float((INPUT_SHARE * usd_in + OUTPUT_SHARE * usd_out) / (INPUT_SHARE + OUTPUT_SHARE))


def fit(held: list[Point]) -> Decline | None:
    """ln p = a + b t by least squares; halving time ln 2 / -b; 90% interval from Student's t on b.

    None with fewer than four points or without two different days. Points are taken as independent.
    """
    days = np.array([point.day.toordinal() for point in held], dtype=float)
    if len(held) < MIN_POINTS or np.ptp(days) == 0:
        return None
    first = days.min()
    t, y = days - first, np.log([point.usd_per_mtok for point in held])
    centred = t - t.mean()
    spread = float(centred @ centred)
    slope = float(centred @ y) / spread
    level = float(y.mean() - slope * t.mean())
    left = y - level - slope * t
    df = len(held) - 2
    error = math.sqrt(float(left @ left) / df / spread)
    low, high = slope - t_95(df) * error, slope + t_95(df) * error
    return Decline(
        first=date.fromordinal(int(first)), usd_on_first=math.exp(level), per_day=slope, n_points=len(held),
        halving_days=_halving(slope), low_days=_halving(low), high_days=_halving(high),
    )  # fmt: skip


def _halving(per_day: float) -> float:
    return math.log(2.0) / -per_day if per_day < 0 else math.inf


def t_95(df: int) -> float:
    """95th percentile of Student's t: the Cornish-Fisher expansion in 1/df, within 1% from 3 degrees of freedom on.

    Source: Abramowitz and Stegun 1964, 26.7.5.
    """
    if df in T_95:
        return T_95[df]
    z = Z_95
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return z + terms[0] / df + terms[1] / df**2 + terms[2] / df**3
