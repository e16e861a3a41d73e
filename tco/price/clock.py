"""Schedules as arrays: which minutes of a vendor's week they hold in, and how far its clock is from UTC when."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from tco.describe.offer import Schedule
from tco.price.rates import UTC, in_schedule

MIN_PER_DAY, MIN_PER_WEEK = 1_440, 10_080
THURSDAY = 3  # the weekday of 1970-01-01
MONDAY = datetime(2024, 1, 1, tzinfo=UTC)
FIRST_S, END_S = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2000, 2100))
STEP_S = 7 * 86_400  # since 2000 no zone has changed its offset and changed it back within a week


@dataclass(frozen=True, slots=True)
class Clock:
    """The minutes of a local week inside a schedule, and the zone's offsets from UTC by when they begin."""

    begins_s: NDArray[np.int64]
    offset_s: NDArray[np.int64]
    inside: NDArray[np.bool_]

    def holds(self, at_s: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether instants of 2000 to 2099, as Unix seconds, lie inside the schedule on its own clock."""
        local_s = at_s + self.offset_s[np.searchsorted(self.begins_s, at_s, side="right") - 1]
        return self.inside.take((local_s // 60 + THURSDAY * MIN_PER_DAY) % MIN_PER_WEEK)


@cache
def clock(schedule: Schedule) -> Clock:
    """The arrays of a schedule."""
    monday = schedule.model_copy(update={"tz": "UTC", "weekdays": (0,)})
    day = [in_schedule(monday, MONDAY + timedelta(minutes=minute)) for minute in range(MIN_PER_DAY)]
    week = np.outer(np.isin(range(7), schedule.weekdays), day)
    begins_s, offset_s = _offsets(schedule.tz)
    return Clock(np.array(begins_s), np.array(offset_s), week.ravel())


@cache
def _offsets(tz: str) -> tuple[list[int], list[int]]:
    """The instants at which a zone's offset begins and the offset, both in seconds."""
    zone = ZoneInfo(tz)

    def offset_s(at_s: int) -> int:
        return int(datetime.fromtimestamp(at_s, zone).replace(tzinfo=UTC).timestamp()) - at_s

    begins_s, held_s = [FIRST_S], [offset_s(FIRST_S)]
    for low_s, high_s in pairwise(range(FIRST_S, END_S + STEP_S, STEP_S)):
        if offset_s(high_s) != held_s[-1]:
            week = range(low_s, high_s)
            begins_s.append(low_s + bisect_left(week, True, key=lambda at_s: offset_s(at_s) != held_s[-1]))
            held_s.append(offset_s(high_s))
    return begins_s, held_s
