"""Off-peak windows, as one registry states them, turned into the schedule of the peak hours, which a row can carry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tco.sheets.upstream.common import RejectedError

DAY_MIN = 24 * 60
A_MONDAY = datetime(2026, 1, 5)


def peak_schedule(off_peak: Mapping[str, Any]) -> dict[str, Any]:
    """The hours outside all off-peak windows, as one schedule; raises RejectedError when one cannot say it.

    Hours are UTC, weekdays 1 (Monday) to 7 on the clock of ``weekday_timezone``.
    """
    free: dict[int, set[int]] = {day: set() for day in range(7)}
    for window in off_peak["windows"]:
        hours = window["hours_utc"]
        for span in [hours] if isinstance(hours, str) else hours:
            for day in window.get("weekdays", range(1, 8)):
                free[int(day) - 1] |= _minutes(span)
    peaks = {day: _spans(set(range(DAY_MIN)) - taken) for day, taken in free.items()}
    busy = {day: spans for day, spans in peaks.items() if spans}
    if len(set(busy.values())) != 1:
        raise RejectedError("peak hours that differ from day to day")
    zone = str(off_peak.get("weekday_timezone", "UTC"))
    windows = tuple(
        (_clock(start + (shift := _shift_min(zone))), _clock(end + shift)) for start, end in next(iter(busy.values()))
    )
    return {"tz": zone, "weekdays": tuple(sorted(busy)), "windows": windows}


def _shift_min(zone: str) -> int:
    try:
        offset = ZoneInfo(zone).utcoffset(A_MONDAY) or timedelta()
        summer = ZoneInfo(zone).utcoffset(A_MONDAY + timedelta(days=182)) or timedelta()
    except (ZoneInfoNotFoundError, ValueError):
        raise RejectedError(f"unknown time zone {zone!r}") from None
    if offset != summer:
        raise RejectedError(f"hours in UTC and weekdays in {zone}, whose clock changes")
    return int(offset.total_seconds()) // 60


def _minutes(span: str) -> set[int]:
    first, last = (_of_day(text) for text in span.split("-"))
    return set(range(first, last or DAY_MIN)) if first < (last or DAY_MIN) else {*range(first, DAY_MIN), *range(last)}


def _of_day(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


def _spans(minutes: set[int]) -> tuple[tuple[int, int], ...]:
    spans: list[tuple[int, int]] = []
    for minute in sorted(minutes):
        if spans and spans[-1][1] == minute:
            spans[-1] = (spans[-1][0], minute + 1)
        else:
            spans.append((minute, minute + 1))
    return tuple(spans)


def _clock(minute: int) -> str:
    if not 0 <= minute <= DAY_MIN:
        raise RejectedError("peak hours that pass midnight on the vendor's clock")
    return f"{minute // 60:02d}:{minute % 60:02d}"
