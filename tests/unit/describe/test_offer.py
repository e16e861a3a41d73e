from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from tco.describe.hardware import Hardware
from tco.describe.offer import PromptTok
from tco.describe.record import Figure
from tco.describe.site import FacilityRow
from tests.factories import SOURCED, a_gpu, a_model, a_plan_option, a_rented_option, a_row, a_subscription


@pytest.mark.parametrize(("raw", "price"), [(0.15, "0.15"), ("0.15", "0.15"), (1, "1"), (Decimal("0.1"), "0.1")])
def test_prices_are_exact_decimals(raw: Any, price: str) -> None:
    assert a_row(usd_per_mtok={"input": raw}).usd_per_mtok["input"] == Decimal(price)


@pytest.mark.parametrize("raw", [True, None, "cheap", -1, "NaN", "inf", 1e12])
def test_what_is_no_price(raw: Any) -> None:
    with pytest.raises(ValidationError, match="expected a price"):
        a_row(usd_per_mtok={"input": raw})


def test_unknown_meters_and_conditions_are_errors() -> None:
    with pytest.raises(ValidationError):
        a_row(usd_per_mtok={"inputs": 1})
    with pytest.raises(ValidationError, match="Extra inputs"):
        a_row(when={"context": "long"})


def test_a_threshold_is_strict_or_inclusive_not_both() -> None:
    assert PromptTok(gt=200_000).limit_tok == 200_000
    assert PromptTok(gte=200_000).limit_tok == 200_000
    for both in ({}, {"gt": 1, "gte": 1}):
        with pytest.raises(ValidationError, match="both or neither"):
            PromptTok(**both)


def test_options_know_their_way_of_paying() -> None:
    assert a_plan_option(a_subscription()).kind == "subscription"
    assert a_rented_option().kind == "rental"


def test_active_parameters_are_within_the_total() -> None:
    with pytest.raises(ValidationError, match="expected active <= total"):
        a_model(params_total_b=8, params_active_b=9)


def test_prices_of_hardware_keep_their_own_provenance() -> None:
    own = {"since": date(2026, 6, 1), "usd": 1, "source": "shop", "as_of": date(2026, 6, 1), "kind": "vendor"}
    held = a_gpu(prices=(own,))
    assert isinstance(held, Hardware)
    assert (held.prices[0].usd.source, held.prices[0].usd.kind) == ("shop", "vendor")
    assert held.host is not None
    assert held.host.usd.source == "tests"


def test_a_facility_row_is_a_figure() -> None:
    row = FacilityRow(id="pue", name="PUE", scope="world", value=1.5, low=1.1, high=1.9, unit="ratio", **SOURCED)
    assert row.figure() == Figure(value=1.5, low=1.1, high=1.9, unit="ratio", note="world", **SOURCED)
