"""What an unquoted YAML scalar means: YAML 1.2 core numbers and words, plus ISO dates and times."""

from __future__ import annotations

import math
import re
from datetime import date, datetime

Scalar = str | int | float | bool | date | datetime | None

MAX_DIGITS = 30
MAX_EXACT = 1e15

_WORDS: dict[str, Scalar] = {"": None, "~": None, "null": None, "true": True, "false": False}
_NOT_FINITE = {".nan": "NaN", ".inf": "infinity", "+.inf": "infinity", "-.inf": "-infinity"}
_STARTS = frozenset("+-.0123456789")
_DIGITS = r"[0-9]+(?:_[0-9]+)*"
_NUMBER = re.compile(rf"[-+]?(?:({_DIGITS})(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})([eE][-+]?[0-9]+)?")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}")
_TIME = re.compile(
    _DATE.pattern + r"(?:[Tt]|[ \t]+)([0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)[ \t]*([Zz]|[-+][0-9:]+)?"
)


def scalar(text: str) -> Scalar:
    """Value of an unquoted scalar; raises ValueError with what to write for one that misleads.

    Only ``true``, ``false``, ``null``, ``~`` and nothing are words: ``yes``, ``no``, ``on`` and ``12:30`` are text.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _STARTS:
        return text
    if _NUMBER.fullmatch(text):
        return number(text)
    if _DATE.match(text):
        return _stamp(text)
    if _BASED.fullmatch(text):
        return _whole(text, 0)
    named = _NOT_FINITE.get(text.lower())
    if named:
        raise ValueError(f"got {named}; expected a finite number")
    return text


def number(text: str) -> int | float:
    """Value of ``12``, ``1_000``, ``0.5`` or ``1e6``; a power of ten that is whole gives an int.

    Raises ValueError for other text, for numbers past the range of a float and for a leading zero.
    """
    parts = _NUMBER.fullmatch(text)
    if parts is None:
        raise ValueError(f"got {text!r}; expected a number")
    digits, exponent = parts[1] or "", parts[2]
    if len(digits) > 1 and digits[0] == "0":
        raise ValueError(_leading_zero(text, digits))
    if not exponent and parts[0].lstrip("+-") == digits:
        return _whole(text, 10)
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"got {_short(text)}, past the range of numbers; expected a finite number")
    return int(value) if exponent and value.is_integer() and abs(value) <= MAX_EXACT else value


def _whole(text: str, base: int) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError(f"got a whole number of {len(text)} digits; write it as a power of ten such as 1e30")
    return int(text, base)


def _leading_zero(text: str, digits: str) -> str:
    shown, plain = _short(text), text.replace(digits, digits.lstrip("0_") or "0", 1)
    octal = f", or 0o{digits.lstrip('0')}" if re.fullmatch("0+[1-7][0-7]*", text) else ""
    return f"got {shown}, a number with a leading zero; write {_short(plain)}{octal}, or quote it if it is text"


def _stamp(text: str) -> Scalar:
    timed = _TIME.fullmatch(text)
    if not timed:
        return _day(text) if _DATE.fullmatch(text) else text
    if not timed[2]:
        raise ValueError(f"got {_short(text)}; expected a time zone, such as {text.split()[0][:10]}T12:00:00Z")
    day = re.split(r"[Tt \t]", text, maxsplit=1)[0]
    try:
        return datetime.fromisoformat(f"{day}T{timed[1]}{timed[2].upper()}")
    except ValueError:
        raise ValueError(f"got {_short(text)}, which is no time; expected one such as 2026-11-22T12:00:00Z") from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    year, month, day = text.split("-")
    padded = f"{year}-{month:0>2}-{day:0>2}"
    if padded != text:
        raise ValueError(f"got {text}; expected a date as {padded}")
    raise ValueError(f"got {text}, which is no date; expected YYYY-MM-DD, such as 2026-11-22")


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."
