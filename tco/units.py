"""Constants and the closed vocabulary of units. Every conversion in the project goes through here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Num: TypeAlias = float | NDArray[np.float64]
    Flag: TypeAlias = bool | NDArray[np.bool_]
else:
    Num = object
    Flag = object

S_PER_H = 3600.0
H_PER_YEAR = 8760.0
MONTHS_PER_YEAR = 12.0
H_PER_MONTH = 730.0  # 8760 h / 12: the only month the tool knows
S_PER_MONTH = 2_628_000.0  # 730 h
H_PER_WEEK = 168.0
DAYS_PER_MONTH = H_PER_MONTH / 24.0
TOK_PER_MTOK = 1e6
W_PER_KW = 1e3
J_PER_KWH = 3.6e6
BYTES_PER_GB = 1e9  # SI; GiB is converted where a file states it
BYTES_PER_GIB = 1024.0**3
FLOPS_PER_TFLOPS = 1e12
MS_PER_S = 1e3

# Text unit -> (canonical unit, factor): value_in_canonical = value * factor.
# A record field names its canonical unit; the text a person writes must be of the same canonical unit.
UNITS: dict[str, tuple[str, float]] = {
    # money per token, always per million inside
    "USD/Mtok": ("USD/Mtok", 1.0), "USD/1M": ("USD/Mtok", 1.0), "USD/M": ("USD/Mtok", 1.0),
    "USD/MTok": ("USD/Mtok", 1.0), "USD/1M tokens": ("USD/Mtok", 1.0),
    "USD/ktok": ("USD/Mtok", 1e3), "USD/1K": ("USD/Mtok", 1e3), "USD/1k": ("USD/Mtok", 1e3),
    "USD/1K tokens": ("USD/Mtok", 1e3), "USD/tok": ("USD/Mtok", 1e6), "USD/token": ("USD/Mtok", 1e6),
    # money
    "USD": ("USD", 1.0), "kUSD": ("USD", 1e3), "MUSD": ("USD", 1e6),
    "USD/month": ("USD/month", 1.0), "USD/year": ("USD/month", 1.0 / MONTHS_PER_YEAR),
    "USD/kWh": ("USD/kWh", 1.0), "USD/MWh": ("USD/kWh", 1e-3), "cent/kWh": ("USD/kWh", 1e-2),
    "USD/h": ("USD/h", 1.0), "USD/hour": ("USD/h", 1.0), "USD/s": ("USD/h", S_PER_H),
    "USD/kW-month": ("USD/kW-month", 1.0),
    "USD/GB": ("USD/GB", 1.0), "USD/TB": ("USD/GB", 1e-3),
    "USD/GPU-year": ("USD/GPU-year", 1.0), "USD/GPU-month": ("USD/GPU-year", MONTHS_PER_YEAR),
    # rates of events and of change
    "/month": ("/month", 1.0), "/day": ("/month", DAYS_PER_MONTH), "/week": ("/month", H_PER_MONTH / H_PER_WEEK),
    "/h": ("/month", H_PER_MONTH), "/hour": ("/month", H_PER_MONTH), "/s": ("/month", S_PER_MONTH),
    "rps": ("/month", S_PER_MONTH), "/year": ("/month", 1.0 / MONTHS_PER_YEAR), "/min": ("/month", S_PER_MONTH / 60.0),
    "/second": ("/month", S_PER_MONTH), "/minute": ("/month", S_PER_MONTH / 60.0),
    "%/month": ("frac/month", 1e-2), "%/year": ("frac/year", 1e-2),
    # shares and ratios
    "%": ("frac", 1e-2), "frac": ("frac", 1.0), "x": ("ratio", 1.0), "ratio": ("ratio", 1.0),
    # time
    "ms": ("s", 1e-3), "s": ("s", 1.0), "min": ("s", 60.0), "h": ("s", S_PER_H), "days": ("s", 86_400.0),
    "months": ("months", 1.0), "month": ("months", 1.0), "years": ("months", MONTHS_PER_YEAR),
    "year": ("months", MONTHS_PER_YEAR),
    # tokens and machines
    "tok": ("tok", 1.0), "tokens": ("tok", 1.0), "ktok": ("tok", 1e3), "Mtok": ("tok", 1e6),
    "tok/s": ("tok/s", 1.0), "FTE": ("FTE", 1.0), "W": ("W", 1.0), "kW": ("W", W_PER_KW),
    "GB": ("GB", 1.0), "GiB": ("GB", BYTES_PER_GIB / BYTES_PER_GB), "TB": ("GB", 1e3),
    "GB/s": ("GB/s", 1.0), "TB/s": ("GB/s", 1e3), "TFLOPS": ("TFLOPS", 1.0), "PFLOPS": ("TFLOPS", 1e3),
    "count": ("count", 1.0),
}  # fmt: skip

# Decimal multipliers a person may write glued to a number: "900k /month", "2M /month".
MULTIPLIERS: dict[str, float] = {"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "B": 1e9}

USD_PER_CENT = 1e-2
# How vendors print a number of tokens: "/ 1M", "per million tokens", "/1K tokens". M and K in capitals or a bare "k":
# a small m is a month, a metre or a thousandth.
_PER_TOKENS = re.compile(r"/(?:1 ?)?(?:(M|million|1,000,000)|k|K|thousand|1,?000)(?: ?(?:tokens?|[tT]oks?))?")


def known_unit(text: str) -> tuple[str, float] | None:
    """Canonical unit and factor of a unit as a person writes it, or None where it is not known or has two meanings.

    ``$`` and ``US$`` read as USD, a cent is a hundredth of it, ``per`` as a slash, spaces around a slash as none.
    """
    name = " ".join(text.replace("US$", "USD").replace("$", "USD").replace("¢", "cent").split())
    name = re.sub(r" ?(?:/|\bper\b) ?", "/", name)
    if name in UNITS:
        return UNITS[name]
    money = name.partition("/")[0]
    if money not in ("USD", "cent", "cents"):
        return None
    tokens = _PER_TOKENS.fullmatch(name[len(money) :])
    rest = name[len(money) :] if tokens is None else "/Mtok" if tokens[1] else "/ktok"
    in_usd = UNITS.get(f"USD{rest}")
    if in_usd is None or money == "USD":
        return in_usd
    return in_usd[0], in_usd[1] * USD_PER_CENT
