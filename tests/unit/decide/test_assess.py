from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from tco.decide.assess import Result, assess, load_of, machine_at, slos, speed_figure
from tco.describe.plan import draw
from tco.perform.load import Slo
from tests.factories import (
    a_gpu,
    a_machine_option,
    a_plan_option,
    a_price,
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
)
from tests.unit.perform import examples as x

approx: Any = pytest.approx


def assessed(option: Any, scenario_changes: Any = None, **workload: Any) -> Result:
    return assess(option, a_scenario(workload=a_workload(**workload), **(scenario_changes or {})))


# --- figures of merit


def test_dollars_by_every_denominator() -> None:
    # 2,000 USD for 1e6 requests of 1,100 tokens, 100 of them generated, 80% right.
    found = assessed(a_token_option(), quality={"success_frac": 0.8})
    assert found.feasible
    assert found.usd_per_month == 2000.0
    assert found.usd_per_mtok == approx(2000 / 1100)
    assert found.usd_per_mtok_output == approx(20.0)
    assert found.usd_per_request == approx(0.002)
    assert found.usd_per_correct == approx(0.0025)
    assert found.capacity is None


def test_unknown_is_none_not_zero() -> None:
    found = assessed(a_token_option(an_offer(a_row(kind="rumoured"))))
    assert not found.feasible
    assert "only a rumoured price" in found.reasons[0]
    assert (found.usd_per_month, found.usd_per_mtok, found.usd_per_request, found.usd_per_correct) == (None,) * 4
    assert assessed(a_token_option()).usd_per_correct is None


def test_plans() -> None:
    # 1e6 / 730 = 1,369.9: 1,370 seats at 20 USD.
    assert assessed(a_plan_option(a_subscription())).usd_per_month == 27_400.0
    assert "success_frac" in assessed(a_plan_option(an_outcome())).reasons[0]


def test_a_forbidden_option_keeps_its_price() -> None:
    found = assessed(a_token_option(), constraints={"exclude_providers": ("vendor",)})
    assert not found.feasible
    assert found.usd_per_month == 2000.0


# --- token notes


def notes(offer: Any, scenario: Any = None, **workload: Any) -> str:
    return "; ".join(assessed(a_token_option(offer), scenario, **workload).notes)


def test_notes_on_the_price() -> None:
    assert notes(an_offer()) == ""
    rumour = an_offer(a_row(kind="rumoured"))
    assert "rumoured price" in notes(rumour, {"allow_rumoured": True})
    promo = an_offer(a_row(), a_row(promo=True, until=date(2026, 12, 1)))
    assert "promotional price until 2026-12-01" in notes(promo)
    assert "promotional price until further notice" in notes(an_offer(a_row(promo=True)))
    assert "no batch price" in notes(an_offer(), batch_frac=0.2)


def test_a_cached_share_without_a_price_is_noted() -> None:
    cached = {"tokens": {"cached_input_frac": 0.5}}
    assert "no cache-read price" in notes(an_offer(), **cached)
    assert notes(an_offer(a_row(usd_per_mtok={"input": 1, "output": 2, "cache_read": 0.1})), **cached) == ""


def test_an_old_price_is_noted_after_45_days() -> None:
    assert notes(an_offer(a_row(as_of=date(2026, 10, 8)))) == ""
    assert notes(an_offer(a_row(as_of=date(2026, 10, 7)))) == "price is 46 days old (limit 45)"


# --- latency


def test_a_published_latency_is_held_against_the_targets() -> None:
    slo = {"slo": {"ttft_p95": 1.0, "itl_p95": 0.02, "deadline": 3.0}}
    slow = a_token_option(an_offer(ttft_s=1.5, output_tok_per_s=25))  # 100 tokens in 4 s
    assert assessed(slow, **slo).reasons == (
        "TTFT is 1.5 s; the limit is 1 s",
        "ITL is 0.04 s; the limit is 0.02 s",
        "an answer takes 4 s; the deadline is 3 s",
    )
    at_the_limit = a_token_option(an_offer(ttft_s=1.0, output_tok_per_s=50))
    assert assessed(at_the_limit, **slo).feasible


def test_both_percentiles_say_a_missed_deadline_once() -> None:
    slo = {"slo": {"ttft_p95": 9.0, "ttft_p99": 9.0, "deadline": 3.0}}
    assert len(assessed(a_token_option(an_offer(output_tok_per_s=25)), **slo).reasons) == 1


@pytest.mark.parametrize(
    ("speed", "told"),
    [
        ({"decode_tok_per_s": 4, "prefill_tok_per_s": 90}, "TTFT p95 is 11.1 s, ITL p95 0.25 s"),
        ({"decode_tok_per_s": 40, "prefill_tok_per_s": 90}, "TTFT p95 is 11.1 s, ITL p95 0.03 s"),
        ({"decode_tok_per_s": 4, "prefill_tok_per_s": 1000}, "TTFT p95 is 1.0 s, ITL p95 0.25 s"),
    ],
)
def test_a_slow_machine_is_told_where_no_limit_is_stated(speed: Any, told: str) -> None:
    option = a_machine_option(speed=a_speed(**speed))
    found = assessed(option)
    assert found.slow == f"No latency limit is stated: {told}"
    assert found.slow in found.notes
    assert assessed(option, slo={"deadline": 900.0}).slow == ""
    assert assessed(option, batch_frac=1.0).slow == ""
    assert assessed(a_machine_option()).slow == ""


def test_an_unknown_latency_is_noted() -> None:
    found = assessed(a_token_option(), slo={"ttft_p95": 1.0})
    assert found.feasible
    assert "latency of this API is unknown" in found.notes[-1]


def test_targets_by_percentile() -> None:
    def targets(**changes: Any) -> tuple[Slo, ...]:
        return slos(a_scenario(workload=a_workload(**changes)))

    assert targets() == (Slo(),)
    assert targets(slo={"ttft_p95": 1.0}) == (Slo(1.0, 95, None, 95, None),)
    both = targets(slo={"ttft_p95": 1.0, "itl_p99": 0.1, "deadline": 9.0})
    assert both == (Slo(1.0, 95, None, 95, 9.0), Slo(None, 99, 0.1, 99, 9.0))
    assert targets(slo={"deadline": 9.0}) == (Slo(deadline_s=9.0),)
    assert targets(slo={"ttft_p95": 1.0}, batch_frac=1.0) == (Slo(),)
    assert targets(slo={"ttft_p95": 1.0, "deadline": 9.0}, batch_frac=1.0) == (Slo(deadline_s=9.0),)


# --- machines


def test_a_machine_is_sized_and_costed() -> None:
    # 100 USD of capital and 18.8633 of energy: see tests/unit/cost/test_option.py.
    found = assessed(a_machine_option())
    assert found.usd_per_month == approx(118.8633, abs=1e-4)
    assert found.n_gpus == 1
    assert found.capacity is not None
    assert found.capacity.req_per_s == approx(1.0)


def test_a_machine_that_misses_its_targets_has_no_bill() -> None:
    found = assessed(a_machine_option(speed=a_speed(prefill_tok_per_s=1000)), slo={"ttft_p95": 0.5})
    assert "TTFT p95 is 1,000 ms; the limit is 500 ms" in found.reasons
    assert found.costing is None
    assert found.usd_per_month is None


def test_a_machine_without_a_price_says_so() -> None:
    assert "no price" in assessed(a_machine_option(hardware=a_gpu(prices=()))).reasons[0]


def test_stale_prices_of_machines() -> None:
    old = a_gpu(prices=(a_price(since=date(2026, 1, 1)),))
    assert "machine price is 325 days old (limit 180)" in assessed(a_machine_option(hardware=old)).notes
    rent = a_rented_option(a_rental(since=date(2026, 10, 7)))
    assert "rent is 46 days old (limit 45)" in assessed(rent).notes
    fresh = assessed(a_rented_option()).notes + assessed(a_machine_option()).notes
    assert not any("days old" in note for note in fresh)


def test_a_stated_machine_is_never_stale() -> None:
    from tco.describe.candidates import StatedMachine

    stated = StatedMachine.model_validate({"usd": 1, "busy_w": 1, "idle_w": 1})
    option = a_machine_option(stated=stated, hardware=a_gpu(prices=(a_price(since=date(2020, 1, 1)),)))
    assert not any("days old" in note for note in assessed(option).notes)


def test_the_speed_at_other_lengths_follows_the_plan() -> None:
    # Twice the answer on a stated 100 tok/s halves the rate: 2,628,000 requests then need two replicas.
    option, scenario = a_machine_option(), a_scenario()
    found = assess(option, scenario)
    assert found.costing is not None
    plan = scenario.plan("m").at_volume(2_628_000.0)
    assert found.costing.n_replicas(plan) == 1.0
    assert found.costing.n_replicas(replace(plan, output_tok=200.0)) == 2.0


def test_the_band_of_the_speed_is_lognormal_about_one() -> None:
    option, scenario = a_machine_option(), a_scenario()
    sized = assess(option, scenario).sized
    assert sized is not None
    figure = speed_figure(sized.capacity)
    assert (figure.low, figure.value, figure.high, figure.distribution) == (0.85, 1.0, 1.15, "lognormal")
    drawn = machine_at(option, sized, scenario, draw(n_draws=2000, seed=0))
    replicas = np.asarray(drawn.n_replicas(scenario.plan("m").at_volume(2_628_000.0 * 0.999)))
    # About half of the draws are slower than stated, and then need a second replica.
    assert np.mean(replicas == 2.0) == approx(0.5, abs=0.05)
    assert set(replicas.tolist()) == {1.0, 2.0}


def test_the_load_counts_reasoning_as_output() -> None:
    held = a_workload(tokens={"reasoning": 50, "cached_input_frac": 0.5}, compute={"strategy": "majority_vote", "n": 4})
    load = load_of(a_scenario(workload=held).plan())
    assert (load.input_tok, load.output_tok, load.cached_input_frac, load.n_samples) == (1000.0, 150.0, 0.5, 4.0)


def test_an_unknown_specification_is_a_reason() -> None:
    option = a_machine_option(model=x.LLAMA_8B, speed=None, hardware=a_gpu(bandwidth_gb_per_s=None))
    found = assess(option, a_scenario())
    assert not found.feasible
    assert found.usd_per_month is None
    assert "bandwidth" in found.reasons[0]
