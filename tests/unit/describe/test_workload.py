from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tco.describe.candidates import MachineCandidate, PlanCandidate, TokenCandidate
from tco.describe.workload import COLOCATION, Tariff, Workload
from tests.factories import PLAIN, a_workload, merged

MINIMAL: dict[str, Any] = {"name": "w", "demand": {"requests": 1000}, "tokens": {"input": 10, "output": 5}}


def refused(**changes: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        Workload.model_validate(merged(MINIMAL, changes))
    return str(caught.value)


def test_three_fields_are_enough_and_each_default_says_why() -> None:
    held = Workload.model_validate(MINIMAL)
    assert held.site.pue.kind == "assumed"
    assert held.site.pue.source.startswith("default: ")
    assert held.site.colocation == COLOCATION
    assert held.site.electricity == Tariff(country="US", region="US total", sector="commercial")
    assert held.finance.n_spare == 1
    assert held.candidates.api is None


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"demand": {"requests": 0}}, "more than 0"),
        ({"demand": {"peak_to_mean": 0.5}}, "at least 1"),
        ({"tokens": {"output": 0}}, "more than 0"),
        ({"tokens": {"cached_input_frac": 0.7, "cache_write_frac": 0.4}}, "expected at most 1"),
        ({"tokens": {"cached_input_frac": {"low": 0.1, "base": 0.5, "high": 0.9}, "cache_write_frac": 0.2}}, "= 1.1"),
        ({"compute": {"strategy": "single", "n": 2}}, "got strategy single with n = 2"),
        ({"compute": {"strategy": "majority_vote", "n": 0}}, "greater than or equal to 1"),
        ({"constraints": {"local_only": True}, "candidates": {"api": ("m",)}}, "local_only: true and api"),
        ({"candidates": {"api": "everything"}}, "expected a list, or all"),
        ({"finance": {"redundancy": "n-1"}}, "should match pattern"),
        ({"finance": {"tax_frac": 1.0}}, "at most 0.9"),
        ({"site": {"pue": 0.9}}, "at least 1"),
        ({"currency": "eur"}, "should match pattern"),
        ({"name": "two\nlines"}, "printable text on one line"),
    ],
)
def test_what_is_refused(changes: dict[str, Any], says: str) -> None:
    assert says in refused(**changes)


def test_redundancy_counts_spares() -> None:
    assert a_workload(finance={"redundancy": "n+2"}).finance.n_spare == 2
    assert a_workload(finance={"redundancy": "none"}).finance.n_spare == 0


def test_a_desk_pays_no_rent_and_says_so() -> None:
    desk = a_workload(site={"colocation": "desk"}).site.colocation
    assert (desk.value, desk.source) == (0.0, "stated: the machine stands at a desk")
    assert a_workload(site={"colocation": None}).site.colocation == COLOCATION
    assert a_workload(site={"colocation": "150 USD/kW-month"}).site.colocation.value == 150.0


def test_electricity_is_a_price_or_a_place() -> None:
    priced = a_workload(site={"electricity": "120 USD/MWh"}).site.electricity
    assert not isinstance(priced, Tariff)
    assert priced.value == pytest.approx(0.12)
    placed = Workload.model_validate({**MINIMAL, "site": {"electricity": {"country": "DE"}}}).site.electricity
    assert isinstance(placed, Tariff)
    assert Workload.model_validate({**MINIMAL, "site": {"electricity": placed}}).site.electricity == placed


def test_candidates_by_what_they_name() -> None:
    stated = ("openai/gpt-4o", "qwen3-8b", {"plan": "seat"}, {"model": "m", "hardware": "l4", "plan": "spot"})
    held = a_workload(candidates={"api": stated, "budget_cloud": "all"}).candidates
    assert held.budget_cloud is None
    assert held.api == (
        TokenCandidate(model="gpt-4o", provider="openai"),
        TokenCandidate(model="qwen3-8b"),
        PlanCandidate(plan="seat"),
        MachineCandidate(model="m", hardware="l4", plan="spot"),
    )
    assert a_workload(candidates={"api": held.api}).candidates.api == held.api


def test_stated_speed_is_a_number_or_a_table() -> None:
    machine = {"model": "m", "hardware": "l4", "throughput": {"source": "us"}}
    with pytest.raises(ValidationError, match="both or neither"):
        Workload.model_validate({**PLAIN, "candidates": {"self_hosted": (machine,)}})
