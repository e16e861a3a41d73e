"""Where one cost curve crosses another, on a staircase: every crossing, and which way it goes.

Machines come whole, so owning may become cheaper within a step and dearer again just after the next machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from tco.cost.finance import plain
from tco.units import Num

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float64]
    Curve: TypeAlias = Callable[[Array], Array]
else:
    Array = Curve = object

Direction: TypeAlias = Literal["own becomes cheaper", "own becomes dearer"]
CHEAPER: Direction = "own becomes cheaper"
DEARER: Direction = "own becomes dearer"

TIE_FRAC = 1e-12  # two bills this close are equal
EDGE_FRAC = 1e-9  # how far inside a step its two ends are sampled
N_SAMPLES = 17  # per step: enough for curves that bend within one
JUMP_FRAC = 1e-6  # of a bracket's change, left between two neighbouring floats: not continuous
HAIR_FRAC = 1e-13
N_SCAN = 64  # points at which solve_for looks for a change of sign


@dataclass(frozen=True, slots=True)
class Crossing:
    """A volume at which the cheaper side changes; `at_step` when a whole machine, not the slope, does it."""

    volume: float
    direction: Direction
    at_step: bool


@dataclass(frozen=True, slots=True)
class Bracket:
    """A change of sides between two samples: own and versus are not equal at `hi`."""

    lo: float
    hi: float
    direction: Direction


@dataclass(frozen=True, slots=True)
class Solution:
    """A root, or None with the reason and the point that comes nearest; `at_step` where the function jumps over it."""

    root: float | None
    reason: str
    at_step: bool = False
    nearest: float | None = None


def linear_breakeven_volume(*, fixed_usd_per_month: Num, price_usd_per_unit: Num, marginal_usd_per_unit: Num) -> Num:
    """Volume at which a fixed cost is earned back on one straight line: F / (p - e); inf (never) when p <= e."""
    spread = np.asarray(price_usd_per_unit, dtype=float) - np.asarray(marginal_usd_per_unit, dtype=float)
    is_earning = spread > 0.0
    return plain(np.where(is_earning, fixed_usd_per_month / np.where(is_earning, spread, 1.0), np.inf))


def crossings(*, volume: Array, own_usd: Array, versus_usd: Array) -> list[Bracket]:
    """Intervals of a sampled grid in which own and versus change sides.

    The grid rises and holds both sides of each step. A touch (equal, then the same side again) and a tie at
    either end of the grid are no crossings; a tie that lasts ends where the sides part.
    """
    signs = _sides(own_usd, versus_usd)
    at = np.flatnonzero(signs[:-1] * signs[1:] < 0.0)
    return [Bracket(float(volume[i]), float(volume[i + 1]), CHEAPER if signs[i + 1] < 0.0 else DEARER) for i in at]


def find_crossings(*, own: Curve, versus: Curve, lo: float, hi: float, steps: Array) -> list[Crossing]:
    """Every volume between lo and hi at which own (with whole machines) and versus change sides, rising.

    `steps` are the volumes at which either curve may jump; between two of them both are continuous. A crossing
    at a jump is that volume, `at_step`; any other is bisected to the last bit. A crossing closer to a step than
    1e-9 of the step's width counts as at it (as outside, at lo or hi). Exact on straight pieces; where curves
    bend, two crossings less than a sixteenth of a step apart may go unseen. For 0 <= lo < hi.
    """
    inner = np.array(sorted({*steps[(steps > lo) & (steps < hi)].tolist()}))  # np.unique would import numpy.ma
    knots = np.concatenate([[lo], inner, [hi]])
    width = np.diff(knots)[:, None]
    position = np.linspace(0.0, 1.0, N_SAMPLES)
    position[[0, -1]] = EDGE_FRAC, 1.0 - EDGE_FRAC
    volume = (knots[:-1, None] + width * position).ravel()
    signs = _sides(own(volume), versus(volume))
    at = np.flatnonzero(signs[:-1] * signs[1:] < 0.0)
    at_step = (at + 1) % N_SAMPLES == 0
    sloped = at[~at_step]
    found = np.empty(at.shape)
    found[at_step] = knots[(at[at_step] + 1) // N_SAMPLES]
    found[~at_step] = _bisect(own, versus, volume[sloped], volume[sloped + 1], signs[sloped + 1])
    return [
        Crossing(float(found[k]), CHEAPER if signs[i + 1] < 0.0 else DEARER, bool(at_step[k])) for k, i in enumerate(at)
    ]


def cheaper_intervals(
    *, own: Curve, versus: Curve, lo: float, hi: float, found: list[Crossing]
) -> list[tuple[float, float]]:
    """Volume intervals in which own is the cheaper side, from the crossings between lo and hi.

    Empty when own is never cheaper. Without a crossing the middle of the range decides.
    """
    if found:
        starts_cheaper = found[0].direction == DEARER
    else:
        middle = np.array([0.5 * (lo + hi)])
        starts_cheaper = bool(own(middle)[0] < versus(middle)[0])
    edges = [lo] if starts_cheaper else []
    edges += [crossing.volume for crossing in found]
    edges += [hi] if len(edges) % 2 else []
    return list(zip(edges[::2], edges[1::2], strict=True))


def solve_for(*, f: Callable[[float], float], lo: float, hi: float, target: float = 0.0) -> Solution:
    """First x between lo and hi at which a function meets its target, monotone or not.

    Scans 64 points (in equal ratios when hi > 100 lo > 0, else in equal steps), then bisects the first change
    of sign to the last bit. f may be inf, never NaN. Two roots between neighbouring points go unseen.
    """
    is_wide = 0.0 < 100.0 * lo < hi
    points = np.geomspace(lo, hi, N_SCAN) if is_wide else np.linspace(lo, hi, N_SCAN)
    points[[0, -1]] = lo, hi
    values = [f(float(x)) - target for x in points]
    for i, value in enumerate(values):
        if value == 0.0:
            return Solution(float(points[i]), "meets the target")
        if i and (value > 0.0) != (values[i - 1] > 0.0):
            total = abs(value - values[i - 1])
            return _bisected(f, float(points[i - 1]), float(points[i]), target, value > 0.0, total)
    side = "above" if values[0] > 0.0 else "below"
    nearest = min(range(N_SCAN), key=lambda i: abs(values[i]))
    near = f"nearest is {values[nearest] + target:g} at {points[nearest]:g}"
    return Solution(None, f"stays {side} {target:g} from {lo:g} to {hi:g}; {near}", nearest=float(points[nearest]))


def _bisected(f: Callable[[float], float], lo: float, hi: float, target: float, rises: bool, total: float) -> Solution:
    """Bisect to neighbouring floats; what is left of the change between lo and hi is then a jump, or rounding."""
    mid = lo + 0.5 * (hi - lo)
    while lo < mid < hi:
        is_right = (f(mid) - target > 0.0) == rises
        lo, hi = (lo, mid) if is_right else (mid, hi)
        mid = lo + 0.5 * (hi - lo)
    jump = abs(f(hi) - f(lo))
    is_step = math.isinf(jump) or jump > JUMP_FRAC * total
    return Solution(hi, "jumps over the target" if is_step else "meets the target", is_step)


def _sides(own_usd: Array, versus_usd: Array) -> Array:
    """-1 where own is cheaper, 1 where dearer; a tie takes the side before it, or 0 when there is none."""
    difference = own_usd - versus_usd
    is_tie = np.abs(difference) <= TIE_FRAC * (np.abs(own_usd) + np.abs(versus_usd))
    signs = np.where(is_tie, 0.0, np.sign(difference))
    last = np.maximum.accumulate(np.where(is_tie, 0, np.arange(len(signs))))
    return signs[last]


def _bisect(own: Curve, versus: Curve, lo: Array, hi: Array, sign_hi: Array) -> Array:
    """Where the difference takes the sign it has at hi, all brackets at once, to neighbouring floats.

    Bills are straight between steps, so the chord's root is tried first, a hair to each side.
    """
    at_lo, at_hi = own(lo) - versus(lo), own(hi) - versus(hi)
    chord = lo + (hi - lo) * at_lo / np.where(at_lo == at_hi, np.inf, at_lo - at_hi)
    for hair in (-HAIR_FRAC, HAIR_FRAC):
        mid = np.clip(chord * (1.0 + hair), lo, hi)
        is_right = np.sign(own(mid) - versus(mid)) == sign_hi
        lo, hi = np.where(is_right, lo, mid), np.where(is_right, mid, hi)
    mid = lo + 0.5 * (hi - lo)
    while np.any((lo < mid) & (mid < hi)):
        is_right = np.sign(own(mid) - versus(mid)) == sign_hi
        lo, hi = np.where(is_right, lo, mid), np.where(is_right, mid, hi)
        mid = lo + 0.5 * (hi - lo)
    return hi
