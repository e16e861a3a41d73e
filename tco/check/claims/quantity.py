"""Numbers with units as people publish them: a range, a bound, and dimensions that arithmetic can follow."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Literal

from tco.units import BYTES_PER_GIB, H_PER_YEAR, J_PER_KWH, MULTIPLIERS, S_PER_H, S_PER_MONTH

Dims = tuple[tuple[str, int], ...]  # base -> exponent, sorted, without zeros
Bound = Literal["is", "about", "at_least", "more_than", "at_most", "less_than", "up_to"]

NONE: Dims = ()
MAX_TEXT = 200
MAX_VALUE = 1e30

_SECONDS = {
    "s": 1.0, "sec": 1.0, "second": 1.0, "ms": 1e-3, "min": 60.0, "minute": 60.0, "h": S_PER_H, "hr": S_PER_H,
    "hour": S_PER_H, "day": 86_400.0, "week": 604_800.0, "month": S_PER_MONTH, "mo": S_PER_MONTH,
    "year": H_PER_YEAR * S_PER_H, "yr": H_PER_YEAR * S_PER_H,
}  # fmt: skip
_SCALES = {"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
# What can be counted. Each is a dimension of its own: dollars a query are not dollars a token.
NOUNS = (
    "query", "request", "message", "conversation", "document", "doc", "image", "page", "task", "problem", "outcome",
    "seat", "device", "model", "benchmark", "sample", "download", "CVE", "user", "FTE", "try", "point",
)  # fmt: skip
# Counts that arithmetic treats as plain numbers: parameters, ratios, shares, pieces of hardware.
PLAIN = {
    "x": 1.0, "ratio": 1.0, "times": 1.0, "frac": 1.0, "count": 1.0, "%": 1e-2, "percent": 1e-2,
    "param": 1.0, "params": 1.0, "parameter": 1.0, "parameters": 1.0, "GPU": 1.0, "card": 1.0,
    "pass": 1.0, "passes": 1.0,
}  # fmt: skip


def _table() -> dict[str, tuple[float, Dims]]:
    found: dict[str, tuple[float, Dims]] = {name: (factor, NONE) for name, factor in PLAIN.items()}
    for name, seconds in _SECONDS.items():
        found[name] = found[f"{name}s"] = (seconds, (("s", 1),))
    for name, factor in {"USD": 1.0, "$": 1.0, "US$": 1.0, "kUSD": 1e3, "MUSD": 1e6, "BUSD": 1e9, "cent": 0.01}.items():
        found[name] = (factor, (("usd", 1),))
    for noun in NOUNS:
        plural = noun[:-1] + "ies" if noun in ("query", "try") else f"{noun}s"
        base = "document" if noun == "doc" else noun
        found[noun] = found[plural] = (1e-2 if noun == "point" else 1.0, ((base, 1),))
    for scale, factor in {"": 1.0, **_SCALES}.items():
        for token in ("tok", "token", "tokens", "input tokens", "output tokens", "output tok", "input tok"):
            found[f"{scale}{token}"] = (factor, (("tok", 1),))
        found[f"{scale}FLOP"] = found[f"{scale}FLOPs"] = (factor, (("flop", 1),))
        found[f"{scale}FLOPS"] = found[f"{scale}FLOP/s"] = (factor, (("flop", 1), ("s", -1)))
        found[f"{scale}W"] = (factor, (("joule", 1), ("s", -1)))
        found[f"{scale}Wh"] = (factor * J_PER_KWH / 1e3, (("joule", 1),))
        found[f"{scale}J"] = (factor, (("joule", 1),))
        found[f"{scale}byte"] = found[f"{scale}bytes"] = (factor, (("byte", 1),))
        if scale not in ("", "k", "K"):
            found[f"{scale}B"] = (factor, (("byte", 1),))
    found["KB"] = found["kB"] = (1e3, (("byte", 1),))
    for place, name in enumerate(("KiB", "MiB", "GiB", "TiB")):
        found[name] = (BYTES_PER_GIB * 1024.0 ** (place - 2), (("byte", 1),))
    found["bit"] = found["bits"] = (0.125, (("byte", 1),))
    found["GPU-h"] = found["GPU-hour"] = found["GPU-hours"] = found["h"]
    found["rps"] = (1.0, (("request", 1), ("s", -1)))
    return found


UNIT_TABLE = _table()
_PART = re.compile(r"^(?:([\d_.,]+)?\s*([kKMGBT](?=\s|$))?\s*)(.*)$")
_NUMBER = r"[-+]?(?:\d[\d_,]*(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?"
_VALUE = re.compile(
    rf"^({_NUMBER})\s*([kKMGBT](?![A-Za-z/]))?(?:\s*(?:-|–|to|\.\.)\s*({_NUMBER})\s*([kKMGBT](?![A-Za-z/]))?)?(.*)$"
)
_FRACTION = re.compile(r"^(\d+)/(\d+)(?=\s|$)(.*)$")
_BOUNDS: tuple[tuple[str, Bound], ...] = (
    (">=", "at_least"), ("at least", "at_least"), ("<=", "at_most"), ("at most", "at_most"), ("within", "at_most"),
    (">", "more_than"), ("over", "more_than"), ("more than", "more_than"), ("<", "less_than"), ("under", "less_than"),
    ("less than", "less_than"), ("up to", "up_to"), ("~", "about"), ("about", "about"), ("roughly", "about"),
)  # fmt: skip


def combine(left: Dims, right: Dims, sign: int = 1) -> Dims:
    """Dimensions of a product (or, with sign -1, of a quotient)."""
    found = dict(left)
    for base, power in right:
        found[base] = found.get(base, 0) + sign * power
    return tuple(sorted((base, power) for base, power in found.items() if power))


def spell(dims: Dims) -> str:
    """Dimensions in words, such as ``usd/tok``; ``a plain number`` when there is none."""
    top = "*".join(base if power == 1 else f"{base}^{power}" for base, power in dims if power > 0)
    bottom = "/".join(base if power == -1 else f"{base}^{-power}" for base, power in dims if power < 0)
    return (f"{top or '1'}/{bottom}" if bottom else top) or "a plain number"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A published number: ``low`` to ``high`` in base units (USD, tokens, seconds, joules, bytes, FLOP).

    ``factor`` is what one of the unit as written is in base units; ``step`` the place of the last digit written,
    in base units; ``saved`` marks a saving published in percent, as that share or turned into how many times cheaper.
    """

    low: float
    high: float
    dims: Dims = NONE
    unit: str = ""
    factor: float = 1.0
    step: float = 0.0
    bound: Bound = "is"
    saved: Literal["", "share", "times"] = ""

    @property
    def is_range(self) -> bool:
        """Whether two different ends were published."""
        return self.low != self.high

    @property
    def middle(self) -> float:
        """Half-way between the ends."""
        return (self.low + self.high) / 2

    def scaled(self, factor: float) -> Quantity:
        """The same digits times a factor."""
        return replace(self, low=self.low * factor, high=self.high * factor, step=self.step * factor)

    def __str__(self) -> str:
        return shown(self.low, self.high, self)


def shown(low: float, high: float, like: Quantity) -> str:
    """A range written in the unit of a quantity."""
    first, last = digits(low / like.factor), digits(high / like.factor)
    text = first if first == last else f"{first} to {last}"
    return f"{text} {like.unit}".strip() if like.unit != "%" else f"{text}%"


def digits(number: float) -> str:
    """Four figures of a number as a person writes it: 0.0008915, 1,234, 51,360, 10M, 1.6B."""
    size = abs(number)
    for least, scale, letter in ((1e12, 1e12, "T"), (1e9, 1e9, "B"), (1e6, 1e6, "M")):
        if size >= least:
            return f"{number / scale:,.4g}{letter}" if size < 1e16 else f"{number:.4g}"
    return f"{number:,.0f}" if size >= 1e4 else f"{number:,.4g}"


def unit(text: str) -> tuple[float, Dims]:
    """Factor to base units and dimensions of a unit such as ``USD/1M tokens``; raises ValueError with what fits."""
    known = UNIT_TABLE.get(text)
    if known is not None:
        return known
    if not text or len(text) > MAX_TEXT:
        raise ValueError(f"got unit {text[:40]!r}; expected one such as 'USD/Mtok', 'tok/s', 'GB', '%' or 'x'")
    factor, dims = 1.0, NONE
    for place, part in enumerate(text.replace(" per ", "/").replace("·", "*").split("/")):
        for piece in part.split("*"):
            part_factor, part_dims = _piece(piece.strip())
            factor = factor / part_factor if place else factor * part_factor
            dims = combine(dims, part_dims, -1 if place else 1)
    return factor, dims


def _piece(text: str) -> tuple[float, Dims]:
    known = UNIT_TABLE.get(text)
    if known is not None:
        return known
    match = _PART.match(text)
    number, scale, rest = match.groups() if match else (None, None, text)
    if not number and not scale:
        near = get_close_matches(text, UNIT_TABLE, n=3, cutoff=0.6)
        hint = f"; did you mean {' or '.join(near)}?" if near else "; `docs/claims.md` lists the units"
        raise ValueError(f"got unit {text[:40]!r}{hint}")
    if rest.strip() == "":
        rest = "tok"  # USD/1M and USD/1K are per token
    base, dims = _piece(rest.strip())
    try:
        times = float((number or "1").replace("_", "").replace(",", ""))
    except ValueError:
        raise ValueError(f"got unit {text[:40]!r}; expected a unit such as '1M tokens'") from None
    if not 0 < times < MAX_VALUE:
        raise ValueError(f"got unit {text[:40]!r}; expected a count above 0")
    return times * MULTIPLIERS.get(scale or "", 1e12 if scale == "T" else 1.0) * base, dims


def quantity(text: str) -> Quantity:
    """Read ``"0.003-0.005 USD/1K"``, ``">= 100 x"``, ``"1/50 x"`` or ``"up to 90 %"``; raises ValueError."""
    rest = text.strip()[:MAX_TEXT]
    bound: Bound = "is"
    for word, meaning in _BOUNDS:
        if rest.lower().startswith(word):
            rest, bound = rest[len(word) :].strip(), meaning
            break
    fraction = _FRACTION.match(rest)
    if fraction and int(fraction[2]):
        value = int(fraction[1]) / int(fraction[2])
        return _made([value, value], [0.0, 0.0], fraction[3], bound, text)
    match = _VALUE.match(rest.removeprefix("$"))
    if not match:
        raise ValueError(f"got {text[:60]!r}; expected a number and a unit such as '0.15 USD/Mtok'")
    first, first_scale, last, last_scale, unit_text = match.groups()
    if rest.startswith("$"):  # "$2.50/1M tokens"
        unit_text = f"USD{unit_text.strip()}"
    if unit_text.lstrip().startswith("+"):
        unit_text, bound = unit_text.lstrip()[1:], "at_least"
    scales = [_scale(first_scale or (last_scale if last else None)), _scale(last_scale)]
    ends = [_number(first) * scales[0], _number(last) * scales[1]] if last else [_number(first) * scales[0]] * 2
    steps = [_step(first) * scales[0], _step(last) * scales[1]] if last else [_step(first) * scales[0]] * 2
    return _made(ends, steps, unit_text, bound, text)


def _made(ends: list[float], steps: list[float], unit_text: str, bound: Bound, text: str) -> Quantity:
    if not all(abs(end) < MAX_VALUE for end in ends):
        raise ValueError(f"got {text[:60]!r}; expected a number below 1e30")
    if ends[0] > ends[1]:
        raise ValueError(f"got {text[:60]!r}; expected the lower end first")
    name = unit_text.strip() or "count"
    factor, dims = unit(name)
    return Quantity(ends[0] * factor, ends[1] * factor, dims, name, factor, max(steps) * factor, bound)


def _number(text: str) -> float:
    return float(text.replace("_", "").replace(",", ""))


def _step(text: str) -> float:
    decimals = re.search(r"\.(\d+)", text)
    return 10.0 ** -len(decimals[1]) if decimals else 1.0


def _scale(letter: str | None) -> float:
    return 1e12 if letter == "T" else MULTIPLIERS.get(letter or "", 1.0)
