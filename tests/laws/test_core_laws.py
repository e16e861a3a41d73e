"""Laws of the whole core: scale, monotony, arrays equal scalars, equal cost at break-even."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tco.cost.ledger import total_usd_per_month
from tco.cost.option import Costing
from tco.decide.assess import Result, assess
from tco.decide.breakeven import CHEAPER
from tco.decide.uncertainty import with_ranges
from tco.decide.versus import break_even
from tco.describe.offer import TokenOffer
from tco.describe.scenario import Scenario
from tests.factories import (
    a_gpu,
    a_machine_option,
    a_plan_option,
    a_price,
    a_provisioned,
    a_rental,
    a_rented_option,
    a_row,
    a_scenario,
    a_speed,
    a_subscription,
    a_token_option,
    a_workload,
    an_offer,
    an_outcome,
    with_numbers,
)
from tests.unit.perform import examples as x

approx: Any = pytest.approx

volume = st.floats(1.0, 1e8)
tok = st.floats(1.0, 5000.0)
frac = st.integers(0, 100).map(lambda percent: percent / 100)
usd = st.floats(1e-4, 100.0)

OVERHEADS: dict[str, Any] = {
    "demand": {"requests": 3_000_000, "peak_to_mean": 2.5, "growth": 0.02},
    "tokens": {"reasoning": 20, "cached_input_frac": 0.3, "cache_write_frac": 0.1},
    "batch_frac": 0.25,
    "quality": {"success_frac": 0.7},
    "site": {"pue": 1.3, "colocation": 190, "staff_fte": 0.1, "usd_per_fte_month": 12_500, "egress_usd_per_gb": 0.09},
    "finance": {
        "wacc_frac": 0.1, "maintenance_frac_per_year": 0.05, "spares_frac": 0.05, "redundancy": "n+1", "tax_frac": 0.2,
        "residual_frac": 0.1, "one_time": ({"name": "tune", "usd": 9000},),
    },
}  # fmt: skip

OFFER = an_offer(
    a_row(usd_per_mtok={"input": 1, "output": 8, "cache_read": 0.1, "cache_write": 1.25}, usd_each={"request": 1e-4}),
    a_row(when={"processing": "batch"}, usd_per_mtok={"input": 0.5, "output": 4}),
    a_row(when={"prompt_tok": {"gt": 2000}}, usd_per_mtok={"input": 2, "output": 12}),
    a_row(when={"prompt_tok": {"gte": 4000}}, usd_per_mtok={"input": 3, "output": 15}),
    a_row(when={"schedule": {"tz": "UTC", "windows": (("01:00", "04:00"),)}}, usd_per_mtok={"input": 1.5, "output": 9}),
)  # fmt: skip
SERVER = {"usd": 60_000, "idle_w": 500, "busy_w": 2000, "max_gpus": 8, "sold_whole": True}

OPTIONS: dict[str, Any] = {
    "per_token": a_token_option(OFFER),
    "subscription": a_plan_option(a_subscription()),
    "provisioned": a_plan_option(a_provisioned(input_tok_per_s=500, min_units=2, unit_step=3)),
    "outcome": a_plan_option(an_outcome()),
    "rental": a_rented_option(a_rental(n_gpus=4)),
    "serverless": a_rented_option(a_rental(plan="serverless")),
    "owned": a_machine_option(speed=a_speed(prefill_tok_per_s=5000)),
    "owned, sold whole": a_machine_option(hardware=a_gpu(host=SERVER), n_gpus=2),
    "owned, predicted": a_machine_option(
        model=x.LLAMA_8B, model_id="llama-3.1-8b", speed=None,
        hardware=a_gpu(id="h100-sxm", bandwidth_gb_per_s=3350, dense_tflops={"bf16": 989}),
    ),
}  # fmt: skip
KINDS = sorted(OPTIONS)


def priced(kind: str, **workload: Any) -> tuple[Result, Costing, Scenario]:
    held = {**OVERHEADS, **workload}
    scenario = a_scenario(workload=a_workload(**held))
    result = assess(OPTIONS[kind], scenario)
    assert result.costing is not None, result.reasons
    return result, result.costing, scenario


PRICED = {kind: priced(kind) for kind in KINDS}


def each(total: Any, n: int) -> list[float]:
    values: list[float] = np.broadcast_to(np.asarray(total, dtype=float), (n,)).tolist()
    return values


# --- arrays equal scalars


@pytest.mark.parametrize("kind", KINDS)
@given(volumes=st.lists(volume, min_size=1, max_size=6))
def test_many_volumes_at_once_are_each_alone(kind: str, volumes: list[float]) -> None:
    result, costing, _ = PRICED[kind]
    many = each(costing.usd_per_month(result.plan.at_volume(np.array(volumes))), len(volumes))
    alone = [float(costing.usd_per_month(result.plan.at_volume(one))) for one in volumes]
    assert many == approx(alone, rel=1e-12)
    for counted in (costing.n_replicas, costing.upfront_usd):
        at_once = each(counted(result.plan.at_volume(np.array(volumes))), len(volumes))
        assert at_once == approx([float(counted(result.plan.at_volume(one))) for one in volumes])


FIELDS: dict[str, st.SearchStrategy[float]] = {
    "requests_per_month": volume, "input_tok": tok, "output_tok": tok, "reasoning_tok": tok,
    "batch_frac": frac, "cached_input_frac": st.floats(0.0, 0.9), "peak_to_mean_ratio": st.floats(1.0, 10.0),
    "pue_ratio": st.floats(1.0, 2.0), "electricity_usd_per_kwh": st.floats(0.0, 1.0),
    "life_months": st.floats(6.0, 90.0), "wacc_frac": st.floats(0.0, 0.5),
    "staff_fte": st.floats(0.0, 5.0), "spares_frac": frac, "residual_frac": frac, "tax_frac": st.floats(0.0, 0.5),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@given(rows=st.lists(st.fixed_dictionaries(FIELDS), min_size=1, max_size=4))
def test_a_plan_of_arrays_is_each_plan_alone(kind: str, rows: Sequence[dict[str, float]]) -> None:
    result, costing, _ = PRICED[kind]
    columns = {name: np.array([row[name] for row in rows]) for name in FIELDS}
    many = each(costing.usd_per_month(with_numbers(result.plan, **columns)), len(rows))
    alone = [float(costing.usd_per_month(with_numbers(result.plan, **row))) for row in rows]
    assert many == approx(alone, rel=1e-9)


# --- the ledger


@pytest.mark.parametrize("kind", KINDS)
@given(requests=volume)
def test_a_total_is_the_sum_of_its_lines(kind: str, requests: float) -> None:
    result, costing, _ = PRICED[kind]
    lines = costing.ledger(result.plan.at_volume(requests))
    parts = [float(line.usd_per_month) for line in lines]
    assert costing.usd_per_month(result.plan.at_volume(requests)) == math.fsum(parts) == total_usd_per_month(lines)
    assert all(math.isfinite(part) and part >= 0 for part in parts)
    assert all(line.usd_per_month == line.quantity * line.usd_per_unit for line in lines)
    assert all(line.formula and line.unit for line in lines)


# --- scale


def dearer(offer: TokenOffer, factor: int) -> TokenOffer:
    def row(held: Any) -> Any:
        meters = {meter: price * factor for meter, price in held.usd_per_mtok.items()}
        fees = {event: price * factor for event, price in held.usd_each.items()}
        return held.model_copy(update={"usd_per_mtok": meters, "usd_each": fees})

    return offer.model_copy(update={"rates": tuple(map(row, offer.rates))})


@given(requests=volume, input_tok=tok, output_tok=tok, batch=frac)
def test_twice_the_prices_are_twice_the_bill(
    requests: float, input_tok: float, output_tok: float, batch: float
) -> None:
    held = a_workload(
        demand={"requests": requests}, tokens={"input": input_tok, "output": output_tok, "cached_input_frac": 0.4},
        batch_frac=batch,
    )  # fmt: skip
    scenario = a_scenario(workload=held)
    once, twice = (assess(a_token_option(dearer(OFFER, k)), scenario).usd_per_month for k in (1, 2))
    assert once is not None
    assert twice == approx(2 * once, rel=1e-12)


@given(gpu=usd, host=usd, kwh=st.floats(0.01, 1.0), requests=volume)
def test_twice_the_price_of_everything_owned_is_twice_the_bill(
    gpu: float, host: float, kwh: float, requests: float
) -> None:
    def bill(k: float) -> float:
        machine = {"usd": k * host, "idle_w": 60, "busy_w": 100, "max_gpus": 2}
        hardware = a_gpu(prices=(a_price(usd=k * gpu),), host=machine)
        site = {"electricity": k * kwh, "colocation": k * 190, "staff_fte": 0.1, "usd_per_fte_month": k * 100}
        held = a_workload(demand={"requests": requests}, site=site, finance={"wacc_frac": 0.1, "spares_frac": 0.1})
        found = assess(a_machine_option(hardware=hardware), a_scenario(workload=held)).usd_per_month
        assert found is not None
        return found

    assert bill(2.0) == approx(2 * bill(1.0), rel=1e-9)


@given(a=tok, b=tok, requests=volume)
def test_more_tokens_never_cost_less(a: float, b: float, requests: float) -> None:
    low, high = sorted((a, b))
    for name in ("input_tok", "output_tok", "reasoning_tok"):
        for kind in ("per_token", "provisioned", "owned", "rental", "owned, predicted"):
            result, costing, _ = PRICED[kind]
            less, more = (
                float(costing.usd_per_month(with_numbers(result.plan, requests_per_month=requests, **{name: n})))
                for n in (low, high)
            )

            assert more >= less * (1 - 1e-9)


@pytest.mark.parametrize("kind", KINDS)
@given(a=volume, b=volume)
def test_more_requests_never_cost_less(kind: str, a: float, b: float) -> None:
    result, costing, _ = PRICED[kind]
    less, more = (float(costing.usd_per_month(result.plan.at_volume(v))) for v in sorted((a, b)))
    assert more >= less * (1 - 1e-12)


@pytest.mark.parametrize("kind", ["rental", "serverless", "owned", "owned, sold whole"])
@given(requests=volume)
def test_a_spare_never_saves(kind: str, requests: float) -> None:
    bills = []
    for redundancy in ("none", "n+1", "n+2"):
        finance = {**OVERHEADS["finance"], "redundancy": redundancy}
        held = {**OVERHEADS, "finance": finance, "demand": {"requests": requests, "peak_to_mean": 2.5}}
        scenario = a_scenario(workload=a_workload(**held))
        bills.append(assess(OPTIONS[kind], scenario).usd_per_month or 0.0)
    assert bills[0] <= bills[1] * (1 + 1e-12)
    assert bills[1] <= bills[2] * (1 + 1e-12)


@pytest.mark.parametrize("kind", ["rental", "owned", "owned, sold whole", "owned, predicted"])
@given(requests=volume)
def test_no_machine_is_more_than_fully_used(kind: str, requests: float) -> None:
    result, costing, _ = PRICED[kind]
    used = costing.utilisation(result.plan.at_volume(requests))
    assert used is not None
    assert 0.0 < used <= 1.0 + 1e-9


# --- break-even


@given(usd_per_request=st.floats(1e-4, 1e-2), kind=st.sampled_from(["rental", "owned", "owned, sold whole"]))
def test_bills_are_equal_where_they_cross_and_change_sides_there(usd_per_request: float, kind: str) -> None:
    offer = an_offer(a_row(usd_per_mtok={"input": usd_per_request * 1000, "output": 0}))
    own, mine, scenario = PRICED[kind]
    versus = assess(a_token_option(offer), scenario)
    theirs = versus.costing
    assert theirs is not None
    found = break_even(own, versus, scenario)
    assume(found.crossings)
    for crossing in found.crossings[:20]:
        near = [crossing.volume * side for side in (1 - 1e-7, 1.0, 1 + 1e-7)]
        gaps = [
            float(mine.usd_per_month(own.plan.at_volume(v)) - theirs.usd_per_month(versus.plan.at_volume(v)))
            for v in near
        ]
        size = float(theirs.usd_per_month(versus.plan.at_volume(crossing.volume)))
        assert (gaps[0] > 0 > gaps[2]) if crossing.direction == CHEAPER else (gaps[0] < 0 < gaps[2])
        assert crossing.at_step or abs(gaps[1]) <= 1e-9 * size
    directions = [crossing.direction for crossing in found.crossings]
    assert all(one != other for one, other in itertools.pairwise(directions))


# --- ranges


@given(seed=st.integers(0, 2**31), spread=st.floats(1.01, 3.0))
def test_ranges_are_in_order_and_odds_sum_to_one(seed: int, spread: float) -> None:
    output = {"low": 100 / spread, "base": 100.0, "high": 100 * spread, "distribution": "lognormal"}
    held = {**OVERHEADS, "tokens": {"output": output}}
    scenario = a_scenario(workload=a_workload(**held))
    results = [assess(OPTIONS[kind], scenario) for kind in ("per_token", "rental", "owned", "subscription")]
    found = with_ranges(results, scenario, n_draws=32, seed=seed)
    for result in found:
        low, mid, high = result.usd_per_month_p10, result.usd_per_month_p50, result.usd_per_month_p90
        assert low is not None
        assert mid is not None
        assert high is not None
        assert low <= mid <= high
    assert sum(result.win_frac or 0.0 for result in found) == approx(1.0)
