from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tco.decide.assess import Result
from tco.decide.verdict import best_by_tier, ranked, verdict
from tco.decide.versus import BreakEven
from tests.factories import a_plan, a_rented_option, a_token_option
from tests.unit.cost.test_ledger import line


def a_result(name: str, usd: float | None, tier: str = "api", **changes: Any) -> Result:
    lines = () if usd is None else (line(usd),)
    return Result(option=a_token_option(id=name, tier=tier), plan=a_plan(), lines=lines, **changes)


A, B, C = a_result("a", 100.0), a_result("b", 150.0, "self_hosted"), a_result("c", 1000.0, "budget_cloud")
BARRED = a_result("barred", 1.0, reasons=("a rule",))
UNPRICED = a_result("unpriced", None, reasons=("no price",))

EVEN = BreakEven(
    own="b", versus="a", versus_price_as_of="2026-11-01", requests_per_month=5e6, tok_per_month=1.0,
    utilisation_frac=0.5, n_replicas=2.0, crossings=(), cheaper_between=(), payback_months=None,
    payback_discounted_months=None, payback_reason="", reason="",
)  # fmt: skip


def test_feasible_by_cost_then_priced_then_the_rest() -> None:
    assert [r.option.id for r in ranked([UNPRICED, BARRED, C, A, B])] == ["a", "b", "c", "barred", "unpriced"]


def test_the_cheapest_of_each_tier() -> None:
    dearer = a_result("dearer", 200.0)
    free_of_charge = a_result("nothing", None)
    best = best_by_tier([C, dearer, A, BARRED, B, free_of_charge])
    assert {tier: result.option.id for tier, result in best.items()} == {
        "api": "a",
        "self_hosted": "b",
        "budget_cloud": "c",
    }
    assert list(best) == ["api", "self_hosted", "budget_cloud"]


def test_the_answer_in_a_sentence() -> None:
    found = verdict([A, B, C], [EVEN])
    assert found.cheapest == "a"
    assert found.cheapest_by_tier == {"api": "a", "self_hosted": "b", "budget_cloud": "c"}
    assert found.confidence_frac is None
    assert found.text == (
        "Cheapest is a (API) at 100.00 USD a month. Next tier: b (self-hosted) at 150.00 USD, 50% more. "
        "b becomes cheaper than a (price of 2026-11-01) from 5,000,000 requests/month."
    )


def test_odds_are_the_options_own_and_its_tiers() -> None:
    won = [replace(A, win_frac=0.6), replace(B, win_frac=0.1), a_result("a2", 101.0, win_frac=0.3)]
    found = verdict(won, [])
    assert "it wins 60% of draws, its tier 90%" in found.text
    assert found.confidence_frac == 0.6


@pytest.mark.parametrize(
    ("won_frac", "said"), [(1.0, "100%"), (0.998, ">99%"), (0.994, "99%"), (0.004, "<1%"), (0.0, "0%")]
)
def test_all_draws_and_none_are_said_of_nothing_less(won_frac: float, said: str) -> None:
    found = verdict([replace(A, win_frac=won_frac), replace(B, win_frac=1 - won_frac)], [])
    assert f"it wins {said} of draws" in found.text


def test_ties_shared_out_add_up_to_all_draws() -> None:
    won = [
        replace(A, win_frac=1 / 3),
        a_result("a2", 100.0, win_frac=1 / 3),
        a_result("a3", 100.0, win_frac=0.333333333333),
    ]
    assert "its tier 100%" in verdict(won, []).text


def test_the_cheapest_base_case_may_not_win_most_often() -> None:
    found = verdict([replace(A, win_frac=0.4), replace(B, win_frac=0.6)], [])
    assert "it wins 40% of draws, but b wins most often, 60% of them" in found.text


def test_many_times_as_much() -> None:
    assert "10.0 times as much" in verdict([A, C], []).text
    assert "against nothing at all" in verdict([a_result("free", 0.0), B], []).text


def test_one_tier_alone() -> None:
    assert verdict([A], []).text == "Cheapest is a (API) at 100.00 USD a month."


def test_a_rental_is_not_called_own() -> None:
    rented = Result(option=a_rented_option(id="r"), plan=a_plan(), lines=(line(150.0),))
    never = replace(EVEN, own="r", requests_per_month=None, reason="never: it is too dear")
    assert verdict([A, rented], [never]).text.endswith(". Rented machines against a: never: it is too dear.")


def test_a_slow_winner_is_told() -> None:
    slow = "No latency limit is stated: TTFT p95 is 43.0 s, ITL p95 5.10 s"
    assert verdict([replace(A, slow=slow), B], []).text.endswith(f"50% more. {slow}.")
    assert slow not in verdict([A, replace(B, slow=slow)], []).text


def test_never_says_why() -> None:
    never = replace(EVEN, requests_per_month=None, reason="never: it is too dear")
    assert verdict([A, B], [never]).text.endswith(". Own machines against a: never: it is too dear.")
    undated = replace(EVEN, versus_price_as_of="")
    assert "(price of an unstated day)" in verdict([A, B], [undated]).text


def test_no_option_at_all() -> None:
    found = verdict([BARRED, UNPRICED], [])
    assert (found.cheapest, found.cheapest_by_tier, found.confidence_frac) == (None, {}, None)
    assert found.text == "No option can serve this workload; 2 were checked, each with its reason."
