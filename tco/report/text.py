"""Numbers and sentences as people read them: three figures, integers whole, never an exponent."""

from __future__ import annotations

import math
import re
import textwrap
from datetime import date

from rich.text import Text

DASH = "–"
WHOLE_FRAC = 1e-9  # nearer than this to an integer is that integer
MAX_PROSE = 120  # longer lines tire the eye
SUFFIXES = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


def figures(value: float | None, digits: int = 3) -> str:
    """A number with three significant figures, thousands separated, integers whole; a dash where there is none."""
    if value is None or math.isnan(value):
        return DASH
    if math.isinf(value):
        return "never" if value > 0 else DASH
    if is_whole(value):
        return f"{value:,.0f}"
    exponent = int(f"{value:.{digits - 1}e}".partition("e")[2])
    return f"{value:,.{max(digits - 1 - exponent, 0)}f}"


def plain(value: float | None) -> str:
    """A number somebody stated: as stated, to six figures, without zeros at its end."""
    text = figures(value, 6)
    return text.rstrip("0").rstrip(".") if "." in text else text


def is_whole(value: float) -> bool:
    """Whether a number is an integer but for the last bits of its float."""
    return abs(value - math.floor(value + 0.5)) <= WHOLE_FRAC * abs(value)


def usd(value: float | None) -> str:
    """Money of a bill: cents from one dollar up, three figures below."""
    if value is None or math.isnan(value):
        return DASH
    return f"{value:,.2f}" if abs(value) >= 0.995 or value == 0 else figures(value)


def price(value: float | None) -> str:
    """A unit price, three figures with their zeros, so that a column of prices lines up."""
    if value is None or not math.isfinite(value) or value == 0:
        return figures(value)
    exponent = int(f"{value:.2e}".partition("e")[2])
    return f"{value:,.{max(2 - exponent, 0)}f}"


def short(value: float) -> str:
    """A number in thousands, millions, billions, for axes and labels: 6.69M, 900k, 0.05."""
    for factor, suffix in SUFFIXES:
        if abs(value) >= factor * 0.9995:
            return plain(float(f"{value / factor:.3g}")) + suffix
    return plain(float(f"{value:.3g}"))


def percent(value: float | None) -> str:
    """A share as a percentage, whole from 10% up; 100% only when nothing is missing."""
    if value is None or math.isnan(value):
        return DASH
    if 0.995 <= value < 1.0 - WHOLE_FRAC:
        return ">99%"
    return f"{value:.0%}" if abs(value) >= 0.0995 else f"{figures(100.0 * value, 2)}%"


def span(low: float | None, high: float | None) -> str:
    """A p10 to p90 range; one number where both ends read alike."""
    if low is None or high is None:
        return DASH
    ends = price(low), price(high)
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} {DASH} {ends[1]}"


def milliseconds(seconds: float | None) -> str:
    """A latency: ms below one second, s from there."""
    if seconds is None:
        return DASH
    return f"{figures(seconds * 1e3)} ms" if seconds < 1.0 else f"{figures(seconds)} s"


def age(day: date | None, on: date) -> str:
    """A day and how old it is."""
    return DASH if day is None else f"{day.isoformat()} ({days_old(day, on)})"


def days_old(day: date | None, on: date) -> str:
    """Days since a day: 205 d."""
    return DASH if day is None else f"{(on - day).days:,} d"


def plural(n: float, noun: str) -> str:
    """A count with its noun: 1 replica, 3 replicas; 3 offers or machines."""
    many = " or ".join(f"{part}s" for part in noun.split(" or "))
    return f"{figures(n)} {noun if n == 1 else many}"


def hanging(text: str, width: int, *, indent: int = 2, first: int | None = None) -> str:
    """A paragraph within a width; lines after the first stand two further in. Long words stay whole."""
    return textwrap.fill(
        text, width=max(width, 20), initial_indent=" " * (indent if first is None else first),
        subsequent_indent=" " * (indent + 2), break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def prose(text: str, width: int, *, indent: int = 2) -> Text:
    """A paragraph with a hanging indent, to print."""
    return Text(hanging(text, min(width, MAX_PROSE), indent=indent))


def section(title: str) -> Text:
    """A heading with air above it."""
    return Text(f"\n{title}", style="bold")


def split_id(name: str, width: int) -> list[str]:
    """An id in lines of at most a width, broken after its separators and never shortened."""
    if len(name) <= width:
        return [name]
    lines = [""]
    for part in re.findall(r"[^/:-]*[/:-]?", name):
        if lines[-1] and len(lines[-1]) + len(part) > width:
            lines.append("")
        lines[-1] += part
    return lines
