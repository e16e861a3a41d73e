from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tco.cost.ledger import CostLine, total_usd_per_month
from tco.cost.tokens import token_lines
from tco.describe.offer import Adjustment, FreeQuota, TokenOffer
from tco.errors import MissingDataError
from tco.price.tokens import quote
from tests.factories import SOURCED, TODAY, a_plan, a_row, a_workload, an_offer, usd

approx: Any = pytest.approx


def billed(offer: TokenOffer, *, workload: Any = None, **asked: Any) -> tuple[CostLine, ...]:
    plan = a_plan(workload)
    found = quote(offer, TODAY, prompt_tok=plan.input_tok, batch_frac=plan.batch_frac)
    return token_lines(found, plan, **asked)


def rates(**usd_per_mtok: float) -> TokenOffer:
    return an_offer(a_row(usd_per_mtok=usd_per_mtok))


def test_a_million_requests() -> None:
    # 1e6 x 1,000 in = 1,000 Mtok at 1 USD; 1e6 x 100 out = 100 Mtok at 10 USD.
    lines = billed(an_offer())
    assert usd(lines) == {"input tokens": 1000.0, "output tokens": 1000.0}
    assert [(line.quantity, line.unit, line.usd_per_unit) for line in lines] == [
        (1000.0, "Mtok", 1.0),
        (100.0, "Mtok", 10.0),
    ]
    assert {part.name for part in lines[0].inputs} >= {"demand.requests", "tokens.input", "price.input"}
    assert lines[0].source == "tests"


def test_prompt_caching_example() -> None:
    # Capabilities 8: 900k x 1,200 in (60% cached) x 250 out at 1/5, cache read 0.10: 432 + 64.80 + 1,125 = 1,621.80.
    held = a_workload(demand={"requests": 900_000}, tokens={"input": 1200, "output": 250, "cached_input_frac": 0.6})
    lines = billed(rates(input=1, output=5, cache_read=0.1), workload=held)
    assert usd(lines) == {
        "input tokens": approx(432.0), "cache read tokens": approx(64.8), "output tokens": approx(1125.0)
    }  # fmt: skip
    assert total_usd_per_month(lines) == approx(1621.8)


def test_cached_tokens_without_a_cache_price_pay_the_input_rate() -> None:
    held = a_workload(tokens={"cached_input_frac": 0.6})
    assert usd(billed(an_offer(), workload=held)) == {"input tokens": 1000.0, "output tokens": 1000.0}


def test_cache_writes_by_their_time_to_live() -> None:
    # 1,000 Mtok: half read at 0.1, a tenth written at 1.25 or 2, the rest at 1.
    held = a_workload(tokens={"cached_input_frac": 0.5, "cache_write_frac": 0.1})
    offer = rates(input=1, output=10, cache_read=0.1, cache_write=1.25, cache_write_1h=2)
    short, long = (usd(billed(offer, workload=held, cache_ttl=ttl)) for ttl in ("5m", "1h"))
    assert short["input tokens"] == long["input tokens"] == approx(400.0)
    assert short["cache read tokens"] == long["cache read tokens"] == approx(50.0)
    assert short["cache write tokens"] == approx(125.0)
    assert long["cache write 1h tokens"] == approx(200.0)
    assert usd(billed(rates(input=1, output=10), workload=held))["input tokens"] == 1000.0


def test_reasoning_is_output_unless_priced_apart() -> None:
    held = a_workload(tokens={"reasoning": 50})
    assert usd(billed(an_offer(), workload=held))["output tokens"] == 1500.0
    apart = usd(billed(rates(input=1, output=10, reasoning=4), workload=held))
    assert (apart["output tokens"], apart["reasoning tokens"]) == (1000.0, 200.0)


def test_batch_and_standard_are_lines_of_their_own() -> None:
    offer = an_offer(a_row(), a_row(when={"processing": "batch"}, usd_per_mtok={"input": 0.5, "output": 5}))
    lines = billed(offer, workload=a_workload(batch_frac=0.25))
    assert usd(lines) == {
        "input tokens": 750.0, "output tokens": 750.0, "input tokens (batch)": 125.0, "output tokens (batch)": 125.0
    }  # fmt: skip
    assert "batch_frac" in {part.name for part in lines[2].inputs}


def test_every_sample_is_billed() -> None:
    held = a_workload(compute={"strategy": "majority_vote", "n": 3})
    assert usd(billed(an_offer(), workload=held)) == {"input tokens": 3000.0, "output tokens": 3000.0}


def test_a_fee_for_each_request_and_each_sample() -> None:
    offer = an_offer(a_row(usd_each={"request": "0.005"}))
    assert usd(billed(offer))["request fee"] == approx(5000.0)
    held = a_workload(compute={"strategy": "majority_vote", "n": 3})
    assert usd(billed(offer, workload=held))["request fee"] == approx(15_000.0)


def test_a_fee_is_charged_once_for_each_row_that_states_it() -> None:
    long = a_row(when={"prompt_tok": {"gt": 10}}, usd_per_mtok={"input": 2}, usd_each={"request": "0.001"})
    lines = billed(an_offer(a_row(), long))
    assert [line.usd_per_month for line in lines if line.name == "request fee"] == [approx(1000.0)]


def test_a_free_quota_is_used_up_first() -> None:
    # 24,000 a day are 730,000 a month: 270,000 requests are left, 27%.
    quota = FreeQuota.model_validate({"requests_per_day": 24_000, **SOURCED})
    assert usd(billed(an_offer(), free_quota=quota)) == {"input tokens": approx(270.0), "output tokens": approx(270.0)}
    plenty = FreeQuota.model_validate({"requests_per_day": 1e6, **SOURCED})
    assert usd(billed(an_offer(), free_quota=plenty)) == {"input tokens": 0.0, "output tokens": 0.0}
    unlimited = FreeQuota.model_validate({"requests_per_min": 2, **SOURCED})
    assert usd(billed(an_offer(), free_quota=unlimited))["input tokens"] == 1000.0


def test_samples_use_up_a_free_quota_faster() -> None:
    # Three samples of 1e6 requests: 3,000,000 - 730,000 = 2,270,000 requests at 0.002 USD.
    quota = FreeQuota.model_validate({"requests_per_day": 24_000, **SOURCED})
    held = a_workload(compute={"strategy": "majority_vote", "n": 3})
    assert total_usd_per_month(billed(an_offer(), workload=held, free_quota=quota)) == approx(2_270_000 * 0.002)


def test_a_surcharge_multiplies_the_whole_bill() -> None:
    # Capabilities 39: x1.1; two of them compound: 2,000 x 1.1 x 1.2.
    def surcharge(multiplier: float) -> Adjustment:
        base = {"when": {"data_residency": "eu"}, "multiplier": multiplier, "since": date(2026, 1, 1)}
        return Adjustment.model_validate({**base, **SOURCED})

    one = billed(an_offer(), adjustments=(surcharge(1.1),))
    assert usd(one)["surcharge: data residency"] == approx(200.0)
    assert total_usd_per_month(billed(an_offer(), adjustments=(surcharge(1.1), surcharge(1.2)))) == approx(2640.0)


def test_nothing_asked_of_a_meter_needs_no_price_of_it() -> None:
    held = a_workload(tokens={"input": 0})
    assert usd(billed(rates(output=10), workload=held)) == {"output tokens": 1000.0}


@pytest.mark.parametrize(
    ("held", "says"), [({"output": 1.0}, "no price of input"), ({"input": 1.0}, "no price of output")]
)
def test_a_missing_meter_is_an_error_not_zero(held: dict[str, float], says: str) -> None:
    with pytest.raises(MissingDataError, match=f"{says} tokens for standard requests"):
        billed(rates(**held))
