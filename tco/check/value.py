"""What an item states, as exact decimals in the one unit of its dimension."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from typing import Any, Literal

from tco.units import MULTIPLIERS, UNITS, known_unit

UsdPer = Callable[[str], float]

_DIGITS = r"\d[\d_,]*(?:\.\d+)?(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?"
_TEXT = re.compile(
    rf"^\s*(?P<sign>US\$|\$|€|£)?\s*(?P<low>[-+]?(?:{_DIGITS}))\s*(?P<scale>[kKMGB](?=\s|/|-|–|$))?\s*"
    rf"(?:(?:-|–|\.\.|to)\s*(?P<high>{_DIGITS})\s*(?P<scale2>[kKMGB](?=\s|/|$))?)?\s*(?P<unit>[A-Za-z%/$€£¢].*)?$"
)
_GROUPED = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d*)?([eE][-+]?\d+)?")
_SIGNS = {"$": "USD", "US$": "USD", "€": "EUR", "£": "GBP"}
_CURRENCY = re.compile(r"(?P<code>[A-Z]{3})(?P<rest>/.*|)")
_ALSO = {"RMB": "CNY"}
EXAMPLE = "5 USD/Mtok"
LARGEST_EXPONENT = 30  # past it no price or rate is meant, and a product of a few would take long to print


class ValueProblem(ValueError):  # noqa: N818 - what is wrong with a value, and the rule that says so
    """A value that cannot be used; ``rule`` is ``unit`` or ``plausible``."""

    def __init__(self, rule: Literal["unit", "plausible"], message: str, expected: str = "") -> None:
        super().__init__(message)
        self.rule, self.expected = rule, expected


@dataclass(frozen=True, slots=True)
class Value:
    """A value in ``unit``, the canonical one; ``text`` is what the file has, ``factor`` led from there to here."""

    base: Decimal
    unit: str
    text: str
    factor: Decimal
    low: Decimal | None = None
    high: Decimal | None = None


def read(raw: Any, unit: str, currency: str, usd_per: UsdPer) -> Value:
    """The value of an item: a number with ``unit``, text with a unit in it, or ``{low, base, high}`` of either.

    ``usd_per`` gives the dollars for one unit of another currency. Raises ValueProblem.
    """
    if isinstance(raw, dict):
        return _range(raw, unit, currency, usd_per)
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        raise ValueProblem("plausible", "no value", f"a quoted decimal with its unit, such as '{EXAMPLE}'")
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        raise ValueProblem("plausible", f"got {_shown(raw)}, which is no number", f"such as '{EXAMPLE}'")
    low, high, own = _parts(str(raw))
    canonical, factor = _one_unit(own, unit, currency, str(raw))
    rate = Decimal(1)
    if "@" in canonical:
        canonical, _, code = canonical.partition("@")
        rate = _rate(code, usd_per)
    factor *= rate
    text = str(raw).strip() if own else f"{raw} {unit}".strip()
    if high is None:
        return Value(low * factor, canonical, text, factor)
    if low > high:
        raise ValueProblem("plausible", f"got {raw!r}, a range whose low end is above its high end", "low <= high")
    return Value((low + high) / 2 * factor, canonical, text, factor, low * factor, high * factor)


def _range(raw: dict[str, Any], unit: str, currency: str, usd_per: UsdPer) -> Value:
    unknown = sorted(set(raw) - {"low", "base", "high", "value", "unit"})
    if unknown:
        raise ValueProblem("plausible", f"got the key {unknown[0]!r} in a value", "low, base, high, unit")
    unit = str(raw.get("unit") or unit)
    given = {name: read(raw[name], unit, currency, usd_per) for name in ("low", "base", "value", "high") if name in raw}
    base = given.get("base") or given.get("value")
    low, high = given.get("low"), given.get("high")
    if base is None and (low is None or high is None):
        raise ValueProblem("plausible", "no value: neither a base nor both ends of a range", "low, base, high")
    if len({each.unit for each in given.values()}) > 1:
        raise ValueProblem("unit", f"got a range in {' and '.join(sorted({each.unit for each in given.values()}))}")
    first = next(iter(given.values()))
    ends = low.base if low else None, high.base if high else None
    middle = base.base if base else (ends[0] + ends[1]) / 2  # type: ignore[operator]
    if (ends[0] is not None and ends[0] > middle) or (ends[1] is not None and ends[1] < middle):
        raise ValueProblem("plausible", "got a range out of order", "low <= base <= high")
    text = "; ".join(f"{name} {each.text}" for name, each in given.items())
    return Value(middle, first.unit, text, first.factor, *ends)


def _parts(text: str) -> tuple[Decimal, Decimal | None, str]:
    """Low end, high end where there is one, and the unit text."""
    found = _TEXT.match(text) if len(text) <= 200 else None
    if found is None:
        raise ValueProblem("plausible", f"got {_shown(text)}, which is no number with a unit", f"such as '{EXAMPLE}'")
    low = _number(found["low"]) * Decimal(str(MULTIPLIERS.get(found["scale"] or found["scale2"] or "", 1)))
    high = None
    if found["high"]:
        high = _number(found["high"]) * Decimal(str(MULTIPLIERS.get(found["scale2"] or "", 1)))
    unit = (found["unit"] or "").strip()
    if found["sign"]:
        rest = unit.removeprefix("per ").strip()
        unit = _SIGNS[found["sign"]] + (rest if rest.startswith("/") or not rest else f"/{rest}")
    return low, high, unit


def _number(text: str) -> Decimal:
    if "," in text and not _GROUPED.fullmatch(text.replace("_", "")):
        raise ValueProblem("plausible", f"got {_shown(text)}, whose comma is no thousands separator", "a decimal point")
    number = Decimal(text.replace("_", "").replace(",", ""))
    if number and abs(number.adjusted()) > LARGEST_EXPONENT:
        raise ValueProblem("plausible", f"got {_shown(text)}, past any number that is meant")
    return number


def _one_unit(own: str, stated: str, currency: str, text: str) -> tuple[str, Decimal]:
    if not own and not stated and not currency:
        raise ValueProblem("unit", f"got {_shown(text)}, a number without a unit", f"such as '{EXAMPLE}'")
    found = [canonical(name, currency) for name in (own, stated) if name] or [canonical("", currency)]
    if len(found) > 1 and found[0] != found[1]:
        raise ValueProblem("unit", f"got {own!r} in the value and {stated!r} in unit", "one unit")
    return found[0]


@cache
def canonical(text: str, currency: str = "") -> tuple[str, Decimal]:
    """The one unit of a dimension and the factor to it; ``USD/Mtok@EUR`` where a currency is still to be converted.

    Raises ValueProblem with the nearest known units.
    """
    currency = _ALSO.get(currency.upper(), currency.upper())
    name = " ".join(text.replace("US$", "USD").replace("$", "USD").split())
    if not name and currency:
        name = currency
    known = known_unit(name)
    if known is not None and not (currency and name.startswith("/")):
        stated = "USD" if known[0].startswith("USD") else ""
        if stated and currency and currency != "USD":
            raise ValueProblem("unit", f"got unit {text!r} and currency {currency!r}", "one currency")
        return known[0], Decimal(repr(known[1]))
    if currency and name.startswith("/") and f"USD{name}" in UNITS:
        return canonical(currency + name)
    coded = _CURRENCY.fullmatch(name)
    as_usd = UNITS.get(f"USD{coded['rest']}") if coded else None
    if coded and as_usd is not None:
        code = _ALSO.get(coded["code"], coded["code"])
        if currency and code != currency:
            raise ValueProblem("unit", f"got unit {text!r} and currency {currency!r}", "one currency")
        return f"{as_usd[0]}@{code}", Decimal(repr(as_usd[1]))
    near = get_close_matches(name, list(UNITS), n=3, cutoff=0.4)
    raise ValueProblem(
        "unit", f"got unit {_shown(text)}, which is not known", f"such as {', '.join(near or ['USD/Mtok', 'USD/h'])}"
    )


def _rate(code: str, usd_per: UsdPer) -> Decimal:
    return Decimal(repr(usd_per(code)))


def _shown(raw: object) -> str:
    text = repr(raw) if isinstance(raw, str) else str(raw)
    return text if len(text) <= 60 else f"{text[:57]}..."


def plain(number: Decimal) -> str:
    """A decimal with thousands separated, without exponent or trailing zeros; 6 figures where it has more."""
    if number and len(number.as_tuple().digits) > 12:
        number = Decimal(f"{number:.6g}")
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(frac: Decimal) -> str:
    """A share in percent, three figures."""
    return f"{plain(Decimal(f'{frac * 100:.3g}'))}%"
