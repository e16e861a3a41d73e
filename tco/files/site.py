"""Where a workload's machines stand, in dollars: the tariff of the place, the exchange rate of the day."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from tco.describe.record import Figure
from tco.describe.scenario import STALE_AFTER_DAYS
from tco.describe.site import TariffRow
from tco.describe.workload import Tariff
from tco.errors import MissingDataError
from tco.files.catalogue import Catalogue
from tco.files.marks import Document
from tco.files.policy import MAX_RATE_AGE_DAYS

MAX_SHOWN = 8
FACILITY_FIELDS = (("site", "pue"), ("site", "colocation"), ("finance", "maintenance_frac_per_year"))


class Rate(NamedTuple):
    """USD for one unit of a currency, the words that cite it, and what is doubtful about it."""

    usd_per_unit: float
    source: str = ""
    doubt: str = ""


def tariff_figure(tariff: Tariff, catalogue: Catalogue, as_of: date) -> tuple[Figure, list[str]]:
    """The tariff of a place in USD per kWh: the last row begun by the day, through the exchange rate of the day.

    Before the first row of a place that row stands in, and its note says so. With it come the doubts about the
    exchange rate. Raises MissingDataError when no row fits the place, naming what there is for the country.
    """
    rows = _rows(tariff, catalogue)
    begun = [row for row in rows if row.as_of <= as_of]
    row = max(begun, key=lambda each: each.as_of) if begun else min(rows, key=lambda each: each.as_of)
    late = "" if begun else f", later than {as_of}: the first known"
    rate = exchange_rate(row.currency, catalogue, max(as_of, row.as_of))
    figure = Figure(
        value=row.price_per_kwh * rate.usd_per_unit, unit="USD/kWh",
        source=row.source + rate.source, as_of=row.as_of, kind=row.kind,
        note=f"{row.country}, {row.region}, {row.sector} {row.band}".strip() + late,
    )  # fmt: skip
    return figure, [rate.doubt] if rate.doubt else []


def stale_tariff(electricity: Figure, as_of: date) -> list[str]:
    """A warning when the electricity price is of a day too long ago, naming its age and row."""
    limit = STALE_AFTER_DAYS["electricity"]
    if electricity.as_of is None or (as_of - electricity.as_of).days <= limit:
        return []
    age, where = (as_of - electricity.as_of).days, electricity.note or electricity.source
    return [
        f"the electricity price ({where}) is of {electricity.as_of}, {age} days old, over {limit}; "
        "state site.electricity"
    ]


def _rows(tariff: Tariff, catalogue: Catalogue) -> list[TariffRow]:
    rows = [
        row for row in catalogue.tariffs
        if row.country.lower() == tariff.country.lower()
        and tariff.region in (None, row.region)
        and tariff.sector in (None, row.sector)
        and tariff.band in (None, row.band)
    ]  # fmt: skip
    if not rows:
        of_country = [row for row in catalogue.tariffs if row.country.lower() == tariff.country.lower()]
        there = sorted({f"{row.region}/{row.sector}/{row.band or 'any'}" for row in of_country})
        known = ", ".join(sorted({row.country for row in catalogue.tariffs}))
        wanted = ", ".join(str(part) for part in tariff.model_dump(exclude_none=True).values())
        more = f" and {len(there) - MAX_SHOWN} more" if len(there) > MAX_SHOWN else ""
        fit = (
            f"there are (region/sector/band): {', '.join(there[:MAX_SHOWN])}{more}" if there else f"countries: {known}"
        )
        last = "`tco list electricity` lists them, or state a price"
        raise MissingDataError(f"no electricity price for {wanted}; {fit}; {last}")
    return rows


def exchange_rate(currency: str, catalogue: Catalogue, as_of: date) -> Rate:
    """The last rate of a currency begun by a day; raises MissingDataError without a row."""
    if currency == "USD":
        return Rate(1.0)
    rows = [row for row in catalogue.fx if row.currency == currency and row.since <= as_of]
    if not rows:
        raise MissingDataError(f"no exchange rate for {currency} by {as_of} in pricing/fx.csv; add a row")
    row = max(rows, key=lambda each: each.since)
    cited = row.source if row.source.startswith(row.kind) else f"{row.kind}: {row.source}"
    name, age = f"{row.usd_per_unit:g} USD/{currency} of {row.since}", (as_of - row.since).days
    wrong = ["assumed"] if row.kind == "assumed" else []
    wrong += [f"{age} days old, over {MAX_RATE_AGE_DAYS}"] if age > MAX_RATE_AGE_DAYS else []
    doubt = f"the exchange rate {name} is {' and '.join(wrong)}; put a row of your own in --data DIR/pricing/fx.csv"
    return Rate(row.usd_per_unit, f"; {name} ({cited})", doubt if wrong else "")


def name_facility_rows(document: Document, catalogue: Catalogue) -> None:
    """Put the figure of a facility row where a workload names it by its id (``pue: pue-global-mean``)."""
    for section, key in FACILITY_FIELDS:
        held = document.data.get(section)
        text = held.get(key) if isinstance(held, dict) else None
        if isinstance(held, dict) and isinstance(text, str) and text in catalogue.facility:
            row = catalogue.facility[text].figure()
            held[key] = row.model_dump(exclude={"unit"} if row.unit == "frac/year" else None)
