from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tco import evaluate
from tco.decide.assess import assess
from tco.decide.search import search
from tco.describe.trace import Trace
from tco.errors import MissingDataError, UnknownNameError, UsageError
from tco.evaluate import duel, pick, run
from tests.factories import (
    a_machine_option,
    a_rented_option,
    a_row,
    a_scenario,
    a_token_option,
    a_workload,
    an_offer,
)
from tests.unit.decide.test_search import GROUP

approx: Any = pytest.approx

CHEAP = a_token_option(an_offer(provider="host", tier="budget_cloud"))
DEAR = a_token_option(an_offer(a_row(usd_per_mtok={"input": 3, "output": 15})))
OWN, RENTED = a_machine_option(), a_rented_option()


def test_every_option_ranked_with_odds_and_a_verdict() -> None:
    compared = run(a_scenario(DEAR, CHEAP, OWN, RENTED), n_draws=50, seed=3)
    assert [result.option.id for result in compared.results] == ["own:gpu/m", "cloud:gpu/m", "host/m", "vendor/m"]
    assert sum(result.win_frac or 0.0 for result in compared.results) == approx(1.0)
    assert compared.verdict.cheapest == "own:gpu/m"
    assert (compared.n_draws, compared.seed) == (50, 3)
    for result in compared.results:
        assert result.usd_per_month == math.fsum(float(line.usd_per_month) for line in result.lines)


def test_machines_are_held_against_tokens_and_rent() -> None:
    compared = run(a_scenario(DEAR, CHEAP, OWN, RENTED), n_draws=0)
    assert [(pair.own, pair.versus) for pair in compared.break_evens] == [
        ("own:gpu/m", "vendor/m"), ("own:gpu/m", "cloud:gpu/m"), ("own:gpu/m", "host/m"),
        ("cloud:gpu/m", "vendor/m"), ("cloud:gpu/m", "host/m"),
    ]  # fmt: skip


def test_no_machines_no_break_even() -> None:
    assert run(a_scenario(DEAR), n_draws=0).break_evens == ()
    assert run(a_scenario(OWN), n_draws=0).break_evens == ()
    rented_only = run(a_scenario(RENTED, DEAR), n_draws=0)
    assert [pair.own for pair in rented_only.break_evens] == ["cloud:gpu/m"]


def test_a_search_reports_its_cheapest() -> None:
    compared = run(a_scenario(searched=(GROUP, (), (GROUP[0],))), n_draws=0)
    first, second = compared.results
    assert any("cheapest of 7 machines searched" in note for note in (*first.notes, *second.notes))
    assert len({first.option.id, second.option.id}) == 2  # the same machine found twice has two names
    assert not run(a_scenario(searched=((GROUP[5],),)), n_draws=0).results[0].feasible


def test_where_the_trace_refuses_the_cheapest_the_next_best_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = Trace("t.csv", np.arange(0.0, 4000.0), None, None, 10.0)
    scenario = a_scenario(searched=(GROUP,), trace=trace, workload=a_workload(slo={"itl_p95": 0.05}))
    first, second = run(scenario, n_draws=0).results[0], search((GROUP,), scenario)[0].next_best[0]
    refused = {first.option.id}

    def judged(option: Any, held: Any) -> Any:
        result = assess(option, held)
        return replace(result, reasons=("on the trace",)) if option.id in refused else result

    monkeypatch.setattr(evaluate, "assess", judged)
    others = [option for option in search((GROUP,), scenario)[0].next_best if option.id not in refused]
    found = run(scenario, n_draws=0)
    assert found.results[0].feasible
    assert found.results[0].option.id == others[0].id
    assert (first.option.id, "on the trace") in found.left_out
    assert "with a lower bill cannot keep the limits on the trace" in found.results[0].notes[1]
    assert "on the trace" not in dict(run(replace(scenario, trace=None), n_draws=0).left_out).values()
    refused |= {second.id, *(option.id for option in others)}
    none = run(scenario, n_draws=0)
    assert (none.results[0].option.id, none.results[0].reasons) == (first.option.id, ("on the trace",))


def test_the_same_seed_gives_the_same_answer() -> None:
    held = a_workload(tokens={"output": {"low": 50, "base": 100, "high": 200}})
    one, again = (run(a_scenario(DEAR, OWN, workload=held), n_draws=64, seed=1) for _ in range(2))
    assert [result.usd_per_month_p90 for result in one.results] == [
        result.usd_per_month_p90 for result in again.results
    ]


def test_pick_by_id_or_by_the_only_fit() -> None:
    compared = run(a_scenario(DEAR, CHEAP, OWN), n_draws=0)
    assert pick(compared, "host/m").option.id == "host/m"
    assert pick(compared, "OWN").option.id == "own:gpu/m"
    with pytest.raises(UsageError, match="'/m' fits 3 options"):
        pick(compared, "/m")
    with pytest.raises(UnknownNameError, match="no option 'vender/m'; did you mean 'vendor/m'"):
        pick(compared, "vender/m")


def test_a_duel() -> None:
    found = duel(a_scenario(DEAR, CHEAP, OWN), own="own", versus="vendor")
    assert (found.own.option.id, found.versus.option.id, found.solved) == ("own:gpu/m", "vendor/m", None)
    assert found.break_even.versus == "vendor/m"
    solved = duel(a_scenario(DEAR, OWN), own="own", versus="vendor", solve_for="price").solved
    assert solved is not None
    assert solved.value is not None


def test_a_duel_needs_two_bills_and_a_field() -> None:
    unpriced = a_token_option(an_offer(a_row(kind="rumoured"), provider="secret"))
    with pytest.raises(MissingDataError, match=r"secret/m has no bill to compare: .*rumoured"):
        duel(a_scenario(unpriced, OWN), own="own", versus="secret")
    with pytest.raises(UsageError, match="name what may change with --solve-for"):
        duel(a_scenario(DEAR, OWN), own="own", versus="vendor", payback_months=12.0)
