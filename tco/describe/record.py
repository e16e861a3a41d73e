"""The base of all records and the figure: a number with unit, range, source, date and kind."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, model_validator
from pydantic_core import core_schema

from tco.units import MULTIPLIERS, UNITS, known_unit

Kind = Literal["measured", "published", "vendor", "assumed", "rumoured"]

# Past these no number is meant, and products of a few would leave the range of a float.
SMALLEST, LARGEST = 1e-18, 1e18

_RANGE = re.compile(
    r"^\s*([-+]?[\d_.,]+(?:[eE][-+]?\d+)?)\s*([kKMGB])?\s*(?:-|–|\.\.|to)\s*([\d_.,]+(?:[eE][-+]?\d+)?)\s*(?:([kKMGB])(?=\s|/|$))?\s*(.*)$"
)
_GROUPED = re.compile(r"[-+]?[1-9]\d*(?:,\d{3})+(?:\.\d*)?(?:[eE][-+]?\d+)?")
# A dollar sign before a number, as vendors print a price; it stands for the unit's money.
_SIGN = re.compile(r"(^\s*[-+]?|(?:-|–|\.\.|\bto\b)\s*)(?:US)?\$\s*(?=[\d.])")
_ONE = re.compile(r"^\s*([-+]?[\d_.,]+(?:[eE][-+]?\d+)?)\s*(?:([kKMGB])(?=\s|/|$))?\s*(.*)$")


class Record(BaseModel):
    """A frozen, strict record: unknown keys, wrong types, NaN and infinities are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, defer_build=True)


class Figure(Record):
    """A number in its field's unit, with what is known about it.

    ``low`` and ``high`` bound the plausible range; ``distribution`` says how draws fall in it
    (``split`` unless stated: half on each side of ``value``, which is the median, falling to nothing at
    the ends; ``triangular``: ``value`` is the mode; ``normal`` and ``lognormal`` read low and high as
    p10 and p90; ``uniform`` ignores ``value``). Raises a validation error when the order
    low <= value <= high is broken.
    """

    value: float
    low: float | None = None
    high: float | None = None
    distribution: Literal["split", "triangular", "uniform", "normal", "lognormal"] = "split"
    unit: str = ""
    source: str = ""
    as_of: date | None = None
    kind: Kind = "assumed"
    note: str = ""

    @model_validator(mode="after")
    def _ordered(self) -> Figure:
        if (self.low is None) != (self.high is None):
            raise ValueError("got one end of a range; give both low and high")
        if self.low is not None and self.high is not None and not self.low <= self.value <= self.high:
            raise ValueError(
                f"got low {self.low:g}, base {self.value:g}, high {self.high:g}; expected low <= base <= high"
            )
        if self.distribution == "lognormal" and self.low is not None and self.low <= 0:
            raise ValueError("got a lognormal range that touches 0; expected low > 0")
        return self


def parse_number(text: str) -> float:
    """Read ``1_200``, ``1,200.5`` or ``2.5e6``; raises ValueError for anything else: a decimal comma is none."""
    if "," in text and not _GROUPED.fullmatch(text.replace("_", "")):
        raise ValueError(f"got {text!r}, whose comma is no thousands separator; expected a decimal point")
    return float(text.replace("_", "").replace(",", ""))


def parse_quantity(text: str, unit: str) -> dict[str, Any]:
    """Read text such as ``"0.003-0.005 USD/1K"`` or ``"900k /month"`` into a figure in ``unit``.

    Raises ValueError naming the units that fit when the text has none or another dimension.
    """
    bare, n_signs = _SIGN.subn(r"\1", text)
    match = _RANGE.match(bare)
    if match and match[3]:
        first, last, unit_text = match[1], match[3], match[5]
        scales = (MULTIPLIERS.get(match[2] or match[4] or "", 1.0), MULTIPLIERS.get(match[4] or "", 1.0))
    else:
        match = _ONE.match(bare)
        if not match:
            raise ValueError(f"got {text!r}; expected a number in {unit}, or text such as '5 {unit}'")
        first = last = match[1]
        unit_text = match[3]
        scales = (MULTIPLIERS.get(match[2] or "", 1.0),) * 2
    factor = conversion(_with_money(unit_text.strip()) if n_signs else unit_text.strip(), unit, text)
    try:
        low, high = parse_number(first) * scales[0] * factor, parse_number(last) * scales[1] * factor
    except ValueError:
        raise ValueError(f"got {text!r}; expected a number in {unit}, or text such as '5 {unit}'") from None
    if first is last:
        return {"value": low, "unit": unit}
    return {"value": (low + high) / 2, "low": low, "high": high, "distribution": "uniform", "unit": unit}


def _with_money(unit_text: str) -> str:
    """The unit of a number that had a dollar sign: ``/ 1M`` is ``USD / 1M``; a unit that names USD stays."""
    return unit_text if unit_text.startswith(("USD", "$", "US$")) else f"USD {unit_text}".strip()


def conversion(unit_text: str, unit: str, text: str) -> float:
    """Factor from the unit a person wrote to the field's unit; ValueError names what would fit."""
    fits = sorted({name for name, (canonical, _) in UNITS.items() if canonical == unit})
    if not unit_text:
        raise ValueError(
            f"got {text!r}, a text without a unit; write the number unquoted (in {unit}) "
            f"or add one of: {', '.join(fits)}"
        )
    known = known_unit(unit_text)
    if known is None:
        raise ValueError(f"got unit {unit_text!r}; expected one of: {', '.join(fits)}")
    canonical, factor = known
    if canonical != unit:
        raise ValueError(f"got {text!r}, which is {canonical}; expected {unit} (one of: {', '.join(fits)})")
    return factor


def _from_mapping(raw: dict[str, Any], unit: str) -> dict[str, Any]:
    named = dict(raw)
    if "base" in named:
        if "value" in named:
            raise ValueError("got both base and value; give one")
        named["value"] = named.pop("base")
    stated = named.pop("unit", unit)
    factor = 1.0 if stated == unit else conversion(str(stated), unit, f"{named.get('value')} {stated}")
    for key in ("value", "low", "high"):
        part = named.get(key)
        if isinstance(part, str):
            named[key] = parse_quantity(part, unit)["value"]
        elif isinstance(part, int | float) and not isinstance(part, bool):
            named[key] = float(part) * factor
    low, high = named.get("low"), named.get("high")
    if "value" not in named and isinstance(low, float) and isinstance(high, float):
        named["value"] = (low + high) / 2
        named.setdefault("distribution", "uniform")
    return {**named, "unit": unit}


@dataclass(frozen=True, slots=True)
class Unit:
    """Annotates a ``Figure`` field: its canonical unit and the bounds physics puts on it.

    ``Annotated[Figure, Unit("USD/kWh", ge=0)]`` reads ``0.15``, ``"0.15 USD/kWh"``, ``"150 USD/MWh"``,
    ``{low: 0.1, base: 0.15, high: 0.2}`` or a full figure with source, date and kind.
    """

    name: str
    ge: float | None = None
    gt: float | None = None
    le: float | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        inner = core_schema.no_info_before_validator_function(self.read, handler(source))
        return core_schema.no_info_after_validator_function(self.bounded, inner)

    def read(self, raw: Any) -> Any:
        """Turn what a person wrote into the mapping of a figure in this unit."""
        if isinstance(raw, bool):
            raise ValueError(f"got {str(raw).lower()}; expected a number in {self.name}")
        if isinstance(raw, int | float):
            return {"value": float(raw), "unit": self.name}
        if isinstance(raw, str):
            return parse_quantity(raw, self.name)
        if isinstance(raw, dict):
            return _from_mapping(raw, self.name)
        return raw

    def bounded(self, figure: Figure) -> Figure:
        """Reject a value or an end of its range outside the bounds."""
        for value in (figure.value, figure.low, figure.high):
            if value is None:
                continue
            if value and not SMALLEST <= abs(value) <= LARGEST:
                raise ValueError(
                    f"got {value:g} {self.name}; expected 0 or a number between {SMALLEST:g} and {LARGEST:g}"
                )
            if self.ge is not None and value < self.ge:
                raise ValueError(f"got {value:g}; expected at least {self.ge:g} {self.name}")
            if self.gt is not None and value <= self.gt:
                raise ValueError(f"got {value:g}; expected more than {self.gt:g} {self.name}")
            if self.le is not None and value > self.le:
                raise ValueError(f"got {value:g}; expected at most {self.le:g} {self.name}")
        floor = self.ge if self.ge is not None else self.gt
        if figure.distribution == "normal" and figure.low is not None and floor is not None:
            reach = figure.value - 2.0 * (figure.value - figure.low)
            if reach < floor:
                raise ValueError(f"got a normal range that reaches below {floor:g} {self.name}; use split or lognormal")
        if figure.distribution in ("normal", "lognormal") and self.le is not None and figure.high is not None:
            raise ValueError(f"got a {figure.distribution} range, which passes {self.le:g} {self.name}; use split")
        return figure


Name = Annotated[str, Field(min_length=1, pattern=r"^[a-z0-9][a-z0-9._/-]*$")]


class Sourced(Record):
    """A record read from a data file: its source, date and kind hold for every figure that states none."""

    source: str = Field(min_length=1)
    as_of: date
    kind: Kind
    note: str = ""

    @model_validator(mode="after")
    def _inherit_provenance(self) -> Sourced:
        given = {"source": self.source, "as_of": self.as_of, "kind": self.kind}
        self.__dict__.update(_changed(self.__dict__, given))
        return self


def _with_provenance(held: Any, given: dict[str, Any]) -> Any:
    """The value with the file's provenance in every figure that states no source; itself when there is none."""
    if isinstance(held, Figure):
        missing = {name: part for name, part in given.items() if name not in held.model_fields_set}
        return held if held.source else held.model_copy(update=missing)
    if isinstance(held, dict):
        changed = _changed(held, given)
        return {**held, **changed} if changed else held
    if isinstance(held, Record) and not isinstance(held, Sourced):
        changed = _changed(held.__dict__, given)
        return held.model_copy(update=changed) if changed else held
    return held


def _changed(parts: dict[Any, Any], given: dict[str, Any]) -> dict[Any, Any]:
    filled = ((name, held, _with_provenance(held, given)) for name, held in parts.items())
    return {name: full for name, held, full in filled if full is not held}
