"""The highest load that still meets the latency limits: doubling until they break, then halving the gap."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

TOLERANCE_FRAC = 0.1
MAX_WHOLE = 512.0
MAX_DOUBLINGS, MAX_HALVINGS = 12, 6


@dataclass(frozen=True, slots=True)
class Knee:
    """``value`` met the limits, ``broken_at`` did not; None where no such level was found."""

    of: str
    value: float | None
    broken_at: float | None


async def knee(meets: Callable[[float], Awaitable[bool]], *, first: float, is_whole: bool) -> Knee:
    """Bracket and bisect; ``is_whole`` for requests in flight (from 1 to 512), else a rate.

    A rate whose first level breaks the limits is halved six times before there is no knee; a whole number goes to 1.
    """
    of = "concurrency" if is_whole else "rate"
    lo, hi = await _bracket(meets, first, is_whole=is_whole)
    if lo is None or hi is None:
        return Knee(of, lo, hi)
    while hi - lo > max(TOLERANCE_FRAC * lo, 1.0 if is_whole else 0.0):
        middle = float(int((lo + hi) / 2)) if is_whole else (lo + hi) / 2
        if await meets(middle):
            lo = middle
        else:
            hi = middle
    return Knee(of, lo, hi)


async def _bracket(
    meets: Callable[[float], Awaitable[bool]], first: float, *, is_whole: bool
) -> tuple[float | None, float | None]:
    """A level that meets the limits and a higher one that does not, as far as there are."""
    at = first
    if await meets(at):
        for _ in range(MAX_DOUBLINGS):
            higher = min(at * 2, MAX_WHOLE) if is_whole else at * 2
            if higher <= at:
                break
            if not await meets(higher):
                return at, higher
            at = higher
        return at, None
    for _ in range(MAX_HALVINGS):
        lower = float(int(at / 2)) if is_whole else at / 2
        if lower < 1.0 and is_whole:
            break
        if await meets(lower):
            return lower, at
        at = lower
    return None, at
