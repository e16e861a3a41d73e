"""Where labels go so that they neither touch each other nor hide a line. Pixels, from the lower left corner."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Points: TypeAlias = NDArray[np.float64]
else:
    Points = object

RADII = (26.0, 44.0, 70.0, 105.0, 150.0, 205.0)
DIRECTIONS = (
    (-1, 1),
    (1, -1),
    (0, 1),
    (0, -1),
    (1, 1),
    (-1, -1),
    (-1, 0),
    (1, 0),
)  # upper left first: lines rise to the right


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle."""

    x0: float
    y0: float
    x1: float
    y1: float

    @staticmethod
    def around(x: float, y: float, width: float, height: float) -> Box:
        """The rectangle of a size with its middle at a point."""
        return Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)

    def holds(self, x: float, y: float) -> bool:
        """Whether a point lies inside."""
        return self.x0 <= x <= self.x1 and self.y0 <= y <= self.y1

    def overlap(self, other: Box) -> float:
        """Shared area."""
        wide = min(self.x1, other.x1) - max(self.x0, other.x0)
        high = min(self.y1, other.y1) - max(self.y0, other.y0)
        return max(wide, 0.0) * max(high, 0.0)

    def outside(self, window: Box) -> float:
        """Area that sticks out of a window."""
        return (self.x1 - self.x0) * (self.y1 - self.y0) - self.overlap(window)


def spread(wanted: Sequence[float], *, gap: float, lo: float, hi: float) -> list[float]:
    """Positions at least ``gap`` apart and within bounds, in the order wanted and as near to it as that allows."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    found = [min(max(wanted[i], lo), hi) for i in order]
    for _ in range(200):
        moved = False
        for k in range(len(found) - 1):
            short = gap - (found[k + 1] - found[k])
            if short > 1e-6:
                found[k] -= short / 2
                found[k + 1] += short / 2
                moved = True
        shift = max(lo - found[0], 0.0) if found else 0.0
        shift -= max(found[-1] - hi, 0.0) if found else 0.0
        found = (
            [each + shift for each in found]
            if len(found) * gap >= hi - lo
            else [min(max(each, lo), hi) for each in found]
        )
        if not moved:
            break
    held = [0.0] * len(wanted)
    for place_, i in zip(found, order, strict=True):
        held[i] = place_
    return held


def place(
    x: float, y: float, width: float, height: float, *, taken: Sequence[Box], window: Box, lines: Sequence[Points]
) -> Box:
    """The nearest free place for a label of a size beside a point; where none is free, the one that hides least."""

    def penalty(box: Box, away: float) -> float:
        hidden = 50.0 * sum(box.overlap(other) for other in taken) + 50.0 * box.outside(window)
        lead = leader(x, y, box)
        crossed = sum(_length_inside(lead, other) for other in taken if not other.holds(x, y))
        return hidden + 60.0 * crossed + 12.0 * sum(_length_inside(line, box) for line in lines) + 8.0 * away

    return min(_candidates(x, y, width, height), key=lambda found: penalty(*found))[0]


def leader(x: float, y: float, box: Box) -> Points:
    """The shortest line from a point to a box, as two points."""
    return np.array([[x, y], [min(max(x, box.x0), box.x1), min(max(y, box.y0), box.y1)]])


def _candidates(x: float, y: float, width: float, height: float) -> Iterator[tuple[Box, float]]:
    for radius in RADII:
        for rank, (right, up) in enumerate(DIRECTIONS):
            middle_x = x + right * (radius + width / 2)
            middle_y = y + up * (radius * 0.8 + height / 2)
            yield Box.around(middle_x, middle_y, width, height), radius + rank


def _length_inside(line: Points, box: Box) -> float:
    """Length of a polyline within a box, by points every few pixels."""
    if len(line) < 2:
        return 0.0
    steps = np.hypot(*np.diff(line, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    at = np.arange(0.0, along[-1], 4.0)
    x, y = np.interp(at, along, line[:, 0]), np.interp(at, along, line[:, 1])
    return 4.0 * float(np.sum((x > box.x0) & (x < box.x1) & (y > box.y0) & (y < box.y1)))
