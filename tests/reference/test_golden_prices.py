"""Worked bills of one request, with arithmetic and evidence; the upstream registries disagree on a third of them.

``golden_prices.csv`` carries the facts: tokens, instant, conditions, the expected amount, who is right.
"""

from __future__ import annotations

import csv
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from tco.describe.offer import TokenOffer
from tco.errors import UnknownNameError
from tco.files.catalogue import Catalogue
from tco.price.bill import Bill, Usage, bill

FILE = Path(__file__).with_name("golden_prices.csv")
ROWS = list(csv.DictReader(FILE.read_text(encoding="utf-8").splitlines()))
PROVIDERS = {"x-ai": "xai"}


@cache
def catalogue() -> Catalogue:
    return Catalogue()


def offer_of(row: dict[str, str]) -> TokenOffer:
    """The offer under any of the names the registries use; Claude on Vertex is sold by ``gcp``."""
    names = [row["genai_ref"].split("/", 1)[1], row["litellm_ref"], row["litellm_ref"].split("/", 1)[-1]]
    provider = PROVIDERS.get(row["provider"], row["provider"])
    for seller in (provider, "gcp" if provider == "google" else provider):
        for name in (*names, names[0].split("/")[-1]):
            try:
                return catalogue().offer(name, seller)
            except UnknownNameError:
                continue
    raise AssertionError(f"no offer for {row['case_id']}: {names}")


def billed(row: dict[str, str]) -> Bill:
    long_ttl = "12h" if "12h" in row["case_id"] else "1h"
    region = row["region"] or ("eu" if "bedrock/eu." in row["litellm_ref"] else "")
    usage = Usage(
        input_tok=int(row["input_tokens_total"]),
        output_tok=int(row["output_tokens"]),
        reasoning_tok=int(row["of_which_reasoning"] or 0),
        cache_read_tok=int(row["cache_read"] or 0),
        cache_write_tok={"5m": int(row["cache_write_default"] or 0), long_ttl: int(row["cache_write_long"] or 0)},
    )
    return bill(
        offer_of(row), usage, datetime.fromisoformat(row["request_utc"]),
        processing="batch" if row["batch"] == "1" else None,
        service_tier=row["service_tier"] or None,
        speed=row["speed"] or None,
        residency=frozenset({region} if region else ()),
    )  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["case_id"])
def test_a_bill_agrees_to_the_last_digit(row: dict[str, str]) -> None:
    expected = Decimal(row["expected_usd"])
    assert abs(billed(row).usd - expected) <= Decimal("1e-9") * expected, row["arithmetic"]


def test_the_cases_are_those_of_the_shared_file(shared_data: Path) -> None:
    shared = list(csv.DictReader((shared_data / "golden_prices.csv").read_text(encoding="utf-8").splitlines()))
    assert {(row["case_id"], row["expected_usd"]) for row in shared} == {
        (row["case_id"], row["expected_usd"]) for row in ROWS
    }
