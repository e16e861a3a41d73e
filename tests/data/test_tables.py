"""Facts of the shipped tables: rental, electricity, exchange rates and site costs."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from tco.describe.offer import RentalOffer

ROOT = Path(__file__).resolve().parents[2]
KINDS = {"measured", "published", "vendor", "assumed"}


def table(name: str) -> list[dict[str, str]]:
    with (ROOT / "pricing" / name).open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def facility() -> list[dict[str, Any]]:
    raw = yaml.load((ROOT / "pricing" / "facility.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader)
    rows: list[dict[str, Any]] = raw["facility"]
    return rows


def rental() -> list[RentalOffer]:
    return [
        RentalOffer.model_validate({**row, "n_gpus": int(row["n_gpus"]), "since": date.fromisoformat(row["since"])})
        for row in table("gpu_rental.csv")
    ]


def test_rental_columns_are_the_fields_of_the_record():
    assert list(table("gpu_rental.csv")[0]) == list(RentalOffer.model_fields)


def test_rental_names_twenty_providers_and_only_known_hardware():
    offers = rental()
    assert len({offer.provider for offer in offers}) >= 20
    assert {"aws", "azure", "gcp", "runpod", "lambda", "vast-ai", "together"} <= {offer.provider for offer in offers}
    assert {offer.hardware for offer in offers} <= {path.stem for path in (ROOT / "hardware_profiles").glob("*.yaml")}
    assert {offer.plan for offer in offers} == {"on_demand", "spot", "reserved_1y", "reserved_3y", "serverless"}


def test_a_serverless_gpu_hour_costs_more_than_an_always_on_one():
    prices = {(o.plan, o.hardware): o.usd_per_gpu_h for o in rental() if "Serverless" in o.instance}
    assert prices["serverless", "h100-sxm"] == Decimal("4.176")
    assert all(prices["serverless", gpu] > prices["on_demand", gpu] for plan, gpu in prices if plan == "serverless")


def test_no_rental_row_is_a_placeholder_or_cites_the_collection_instead_of_the_page():
    for offer in rental():
        assert offer.usd_per_gpu_h > 0
        assert "epoch-research" not in offer.source
        assert "NOT an attainable" not in offer.note


def test_one_rental_price_an_instance_place_plan_and_day():
    keys = Counter((o.provider, o.instance, o.hardware, o.region, o.plan, o.since) for o in rental())
    assert not [key for key, n_rows in keys.items() if n_rows > 1]


def test_an_assumed_rental_discount_is_marked():
    assert all(offer.kind == "assumed" for offer in rental() if "assumed discount" in offer.note)


def test_electricity_has_all_bands_and_the_prices_of_the_source():
    rows = table("electricity.csv")
    assert {"IA", "IB", "IC", "ID", "IE"} <= {row["band"] for row in rows}
    assert {row["sector"] for row in rows} <= {"commercial", "industrial", "non-household", "residential"}
    assert {row["currency"] for row in rows} == {"USD", "EUR"}
    assert all(0.01 < float(row["price_per_kwh"]) < 1 for row in rows)
    lakes = {row["sector"]: row["price_per_kwh"] for row in rows if row["region"] == "East North Central"}
    assert lakes == {"commercial": "0.1282", "industrial": "0.0872"}


def test_one_electricity_price_a_place_sector_band_and_day():
    keys = Counter((r["country"], r["region"], r["sector"], r["band"], r["as_of"]) for r in table("electricity.csv"))
    assert not [key for key, n_rows in keys.items() if n_rows > 1]


def test_every_currency_of_the_tables_has_a_rate():
    rates = table("fx.csv")
    assert {row["currency"] for row in table("electricity.csv")} <= {row["currency"] for row in rates}
    assert all(float(row["usd_per_unit"]) > 0 for row in rates)
    implied = {row["since"]: float(row["usd_per_unit"]) for row in rates if row["currency"] == "EUR"}
    assert implied["2025-02-10"] == pytest.approx(23876.7 / 23126.72, rel=1e-5)


def test_a_guessed_rate_is_marked():
    assert all("assumed" in row["note"] for row in table("fx.csv") if row["kind"] == "assumed")


def test_site_costs_cover_each_item_and_hold_their_range():
    rows = facility()
    assert len({row["id"] for row in rows}) == len(rows)
    wanted = {"colocation", "PUE", "software", "support", "spares", "useful_life", "server_power"}
    assert wanted <= {row["name"] for row in rows}
    assert all(row.get("low", row["value"]) <= row["value"] <= row.get("high", row["value"]) for row in rows)


DATED = [("gpu_rental.csv", "since"), ("electricity.csv", "as_of"), ("fx.csv", "since")]


@pytest.mark.parametrize(("name", "day"), DATED)
def test_each_row_has_a_source_a_date_and_a_kind(name: str, day: str):
    for row in table(name):
        assert row["source"]
        assert date.fromisoformat(row[day])
        assert row["kind"] in KINDS


def test_each_site_cost_has_a_source_a_date_and_a_kind():
    assert all(row["source"] and isinstance(row["as_of"], date) and row["kind"] in KINDS for row in facility())
