from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tco.decide.assess import Result, assess
from tco.decide.uncertainty import with_ranges
from tests.factories import (
    a_gpu,
    a_machine_option,
    a_plan_option,
    a_price,
    a_rented_option,
    a_row,
    a_scenario,
    a_subscription,
    a_token_option,
    a_workload,
    an_offer,
)

approx: Any = pytest.approx
UNSURE = {"output": {"low": 50, "base": 100, "high": 200}}


def ranged(*options: Any, n_draws: int = 400, seed: int = 0, **workload: Any) -> list[Result]:
    scenario = a_scenario(workload=a_workload(**workload))
    return with_ranges([assess(option, scenario) for option in options], scenario, n_draws=n_draws, seed=seed)


def percentiles(result: Result) -> tuple[Any, ...]:
    return result.usd_per_month_p10, result.usd_per_month_p50, result.usd_per_month_p90


def test_percentiles_are_in_order_and_shares_sum_to_one() -> None:
    found = ranged(
        a_token_option(), a_machine_option(), a_rented_option(), a_plan_option(a_subscription()), tokens=UNSURE
    )
    for result in found:
        low, mid, high = percentiles(result)
        assert low <= mid <= high
    assert sum(result.win_frac or 0.0 for result in found) == approx(1.0)


def test_a_bill_without_doubt_is_a_point() -> None:
    (found,) = ranged(a_token_option())
    assert percentiles(found) == (2000.0, 2000.0, 2000.0)
    assert found.win_frac == 1.0


def test_a_linear_bill_follows_its_input() -> None:
    # 1,000 + 10 x output tokens, the base the median. A tenth lies past 1 - sqrt(0.2) = 0.5528 of the way to
    # either end: 100 - 0.5528 x 50 = 72.36 and 100 + 0.5528 x 100 = 155.28 tokens.
    (found,) = ranged(a_token_option(), n_draws=20_000, tokens=UNSURE)
    assert percentiles(found) == approx((1723.6, 2000.0, 2552.8), rel=0.01)


def test_options_share_their_draws() -> None:
    # The second always costs a cent of the first's dollar less: it wins every draw, not just most.
    cheaper = a_token_option(an_offer(a_row(usd_per_mtok={"input": 0.99, "output": 9.9}), provider="rival"))
    first, second = ranged(a_token_option(), cheaper, tokens=UNSURE)
    assert (first.win_frac, second.win_frac) == (0.0, 1.0)


def test_a_tie_is_shared() -> None:
    twin = a_token_option(id="twin")
    assert [result.win_frac for result in ranged(a_token_option(), twin, tokens=UNSURE)] == [0.5, 0.5]


def test_the_seed_decides() -> None:
    one, again, other = (percentiles(ranged(a_token_option(), tokens=UNSURE, seed=s)[0]) for s in (1, 1, 2))
    assert one == again
    assert one != other


def test_no_draws_no_ranges() -> None:
    (found,) = ranged(a_token_option(), n_draws=0)
    assert found.win_frac is None


def test_what_cannot_serve_gets_no_odds() -> None:
    barred = {"exclude_providers": ("vendor",)}
    token, own = ranged(a_token_option(), a_machine_option(), constraints=barred)
    assert (token.win_frac, percentiles(token)) == (None, (None, None, None))
    assert own.win_frac == 1.0
    (alone,) = ranged(a_token_option(), constraints=barred)
    assert alone.win_frac is None


def test_a_machine_draws_its_price_and_speed() -> None:
    dear = a_gpu(prices=(a_price(usd={"low": 1000, "base": 3000, "high": 5000}),))
    (found,) = ranged(a_machine_option(hardware=dear))
    low, _, high = percentiles(found)
    assert high - low > 20.0


def test_a_result_without_a_costing_is_left_alone() -> None:
    scenario = a_scenario()
    bare = Result(option=a_token_option(), plan=scenario.plan("m"))
    assert with_ranges([bare], scenario, n_draws=10, seed=0) == [bare]


def test_a_price_that_goes_missing_in_a_draw_gets_no_range() -> None:
    # Only prompts up to 1,000 tokens have a price; a draw above leaves the offer without one.
    offer = an_offer(a_row(), a_row(when={"prompt_tok": {"gt": 2000}}, usd_per_mtok={"input": 2}))
    bare = an_offer(a_row(usd_per_mtok={"input": 1}), *offer.rates[1:])
    scenario = a_scenario(workload=a_workload(tokens={"input": {"low": 1, "base": 10, "high": 5000}}))
    result = assess(a_token_option(offer), scenario)
    assert result.costing is not None
    broken = assess(a_token_option(bare), scenario)
    assert "no price of output tokens" in broken.reasons[0]
    held = replace(result, costing=replace(result.costing, ledger=_unpriced))
    assert with_ranges([held], scenario, n_draws=10, seed=0)[0].win_frac is None


def _unpriced(plan: Any) -> Any:
    from tco.errors import MissingDataError

    raise MissingDataError(f"no price for {np.ndim(plan.input_tok)} dimensions")
