"""Dates in a sentence: a day, a month, a quarter or a year is a range of days."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
          "december")  # fmt: skip
PARTS = {"early": (1, 4), "mid": (5, 8), "late": (9, 12), "q1": (1, 3), "q2": (4, 6), "q3": (7, 9), "q4": (10, 12),
         "h1": (1, 6), "h2": (7, 12)}  # fmt: skip
_MONTH = "|".join(f"{name}|{name[:3]}" for name in MONTHS) + "|sept"
_LEAD = r"(?:\b(?:back )?(?:as of|in|on|at|of|during|throughout|for)\s+)?(?:the (?:end|start|beginning) of\s+)?"
_YEAR = r"(?:19|20)\d\d"
# What follows a number that is no year.
_UNIT = (
    r"(?!\d|[.,]\d|\s*(?:tok|[kmgt]?b\b|w\b|watt|x\b|%|usd|dollar|cents?\b|request|quer|input|output|prompt|hour"
    r"|gpu|card|h100|a100|sample|tflop|[-–]\s*\d))"
)
PATTERNS = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        ("day", rf"{_LEAD}\b(?P<iso>\d{{4}}-\d\d-\d\d)\b"),
        ("day", rf"{_LEAD}\b(?P<month>{_MONTH})\.?\s+(?P<day>\d\d?)(?:st|nd|rd|th)?,?\s+(?P<year>{_YEAR})\b"),
        ("day", rf"{_LEAD}\b(?P<day>\d\d?)(?:st|nd|rd|th)?\s+(?P<month>{_MONTH})\.?,?\s+(?P<year>{_YEAR})\b"),
        ("month", rf"{_LEAD}\b(?P<month>{_MONTH})\.?,?\s+(?:of\s+)?(?P<year>{_YEAR})\b"),
        ("month", rf"{_LEAD}\b(?P<year>{_YEAR})-(?P<number>\d\d)\b(?!-)"),
        ("part", rf"{_LEAD}\b(?P<part>early|mid|late|q[1-4]|h[12])(?:\s|-|/)\s*(?P<year>{_YEAR})\b"),
        ("year", rf"\b(?:as of|in|during|throughout)\s+(?:the year\s+)?(?P<year>{_YEAR})\b{_UNIT}"),
        ("year", rf"\(\s*(?P<year>{_YEAR})\s*\)"),
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Period:
    """The days a sentence speaks of, and the words it says them in."""

    first: date
    last: date
    words: str

    @property
    def is_day(self) -> bool:
        """Whether it is one day."""
        return self.first == self.last


def period(sentence: str) -> tuple[Period | None, str]:
    """The first date of a sentence and the sentence without it; (None, sentence) where there is none."""
    for kind, pattern in PATTERNS:
        found = pattern.search(sentence)
        if found is None:
            continue
        days = _days(kind, found)
        if days is not None:
            rest = f"{sentence[: found.start()]} {sentence[found.end() :]}"
            return Period(*days, " ".join(found[0].split()).strip("() ")), rest
    return None, sentence


def _days(kind: str, found: re.Match[str]) -> tuple[date, date] | None:
    held = found.groupdict()
    try:
        if held.get("iso"):
            return _both(date.fromisoformat(held["iso"]))
        year = int(held["year"])
        if kind == "year":
            return date(year, 1, 1), date(year, 12, 31)
        if kind == "part":
            first, last = PARTS[held["part"].lower()]
            return date(year, first, 1), _end(year, last)
        month = int(held["number"]) if held.get("number") else _month(held["month"])
        if kind == "day":
            return _both(date(year, month, int(held["day"])))
        return date(year, month, 1), _end(year, month)
    except ValueError:
        return None


def _both(day: date) -> tuple[date, date]:
    return day, day


def _month(name: str) -> int:
    return next(place for place, month in enumerate(MONTHS, 1) if month.startswith(name.lower()[:3]))


def _end(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])
