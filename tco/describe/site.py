"""Dated rows about places: electricity tariffs, exchange rates, facility overheads."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from tco.describe.record import Figure, Kind, Name, Record, Sourced


class TariffRow(Record):
    """Electricity price of a place, sector and consumption band: a row of ``electricity.csv``."""

    country: str
    region: str
    sector: str
    band: str = ""
    price_per_kwh: float = Field(ge=0)
    currency: str = Field(min_length=3, max_length=3)
    as_of: date
    source: str = Field(min_length=1)
    kind: Kind
    note: str = ""


class FxRow(Record):
    """USD for one unit of a currency from a day on: a row of ``fx.csv``."""

    currency: str = Field(min_length=3, max_length=3)
    usd_per_unit: float = Field(gt=0)
    since: date
    source: str = Field(min_length=1)
    kind: Kind
    note: str = ""


class FacilityRow(Sourced):
    """A published overhead (colocation, PUE, licence, life): workloads may name it by its id."""

    id: Name
    name: str
    scope: str
    value: float
    low: float | None = None
    high: float | None = None
    unit: str

    def figure(self) -> Figure:
        """The row as a figure in its own unit."""
        return Figure(
            value=self.value, low=self.low, high=self.high, unit=self.unit,
            source=self.source, as_of=self.as_of, kind=self.kind, note=self.scope,
        )  # fmt: skip
