from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tco.decide.eligible import objections, remarks
from tests.factories import (
    TODAY,
    a_gpu,
    a_machine_option,
    a_model,
    a_plan_option,
    a_provider,
    a_rental,
    a_rented_option,
    a_scenario,
    a_score,
    a_subscription,
    a_token_option,
    a_workload,
    an_offer,
    an_outcome,
)

GERMANY = {"country": "DE"}


def said(option: Any, scores: Any = (), **workload: Any) -> str:
    return "; ".join(objections(option, a_scenario(workload=a_workload(**workload), scores=scores)))


def at_site(place: dict[str, str], **workload: Any) -> dict[str, Any]:
    from tco.describe.workload import Tariff

    return {"site": {"electricity": Tariff.model_validate(place)}, **workload}


def test_nothing_is_wrong_with_a_plain_option() -> None:
    for option in (a_token_option(), a_machine_option(), a_rented_option(), a_plan_option(an_outcome())):
        assert said(option) == ""


# --- who and where


def test_local_only_leaves_own_machines() -> None:
    rules = {"local_only": True}
    assert said(a_machine_option(), constraints=rules) == ""
    for option in (a_token_option(), a_rented_option()):
        assert "must stay on own machines" in said(option, constraints=rules)


def test_excluded_providers() -> None:
    rules = {"exclude_providers": ("vendor", "cloud")}
    assert said(a_token_option(), constraints=rules) == "provider vendor is excluded"
    assert said(a_rented_option(), constraints=rules) == "provider cloud is excluded"
    assert said(a_machine_option(), constraints=rules) == ""


def test_residency_needs_evidence() -> None:
    rules = {"residency": ("EU",)}
    nowhere = "no evidence that data can stay in eu (known: nothing)"
    assert said(a_token_option(), constraints=rules) == nowhere
    assert said(a_token_option(provider=a_provider(residency=("us", "eu"))), constraints=rules) == ""
    assert said(a_token_option(provider=a_provider(residency=("us",))), constraints=rules).endswith("(known: us)")
    assert said(a_rented_option(provider=a_provider(residency=("eu",))), constraints=rules) == ""
    assert said(a_plan_option(an_outcome()), constraints=rules) == nowhere


def test_an_offers_own_residency_comes_before_its_providers() -> None:
    rules, anywhere = {"residency": ("eu",)}, a_provider(residency=("eu", "us"))
    assert said(a_token_option(an_offer(residency=("us",)), provider=anywhere), constraints=rules) != ""
    assert said(a_token_option(an_offer(residency=("eu",))), constraints=rules) == ""


def test_own_machines_keep_data_where_they_stand() -> None:
    own, rules = a_machine_option(), {"residency": ("eu",)}
    assert said(own, **at_site(GERMANY, constraints=rules)) == ""
    assert said(own, **at_site(GERMANY, constraints={"residency": ("de",)})) == ""
    assert "no evidence" in said(own, **at_site({"country": "US"}, constraints=rules))
    assert "known: nothing" in said(own, constraints=rules)  # a price for a tariff names no country


def test_compliance_needs_evidence_from_a_provider() -> None:
    rules = {"compliance": ("HIPAA", "soc2")}
    assert said(a_token_option(), constraints=rules) == "no evidence of hipaa, soc2 at vendor"
    attested = a_provider(compliance=("hipaa", "soc2"))
    assert said(a_token_option(provider=attested), constraints=rules) == ""
    assert (
        said(a_rented_option(provider=a_provider(compliance=("hipaa",))), constraints=rules)
        == "no evidence of soc2 at cloud"
    )
    assert said(a_machine_option(), constraints=rules) == ""
    assert "yours to attest" in remarks(a_machine_option(), a_scenario(workload=a_workload(constraints=rules)))[0]


# --- what it can do


def test_the_context_must_hold_prompt_and_answer() -> None:
    # 1,000 in + 100 out + 50 reasoning = 1,150 tokens.
    tokens = {"reasoning": 50}
    assert said(a_token_option(an_offer(context_tok=1150)), tokens=tokens) == ""
    short = said(a_token_option(an_offer(context_tok=1149)), tokens=tokens)
    assert short == "needs a context of 1,150 tokens; the offer has 1,149"
    by_model = a_token_option(an_offer(context_tok=9999), model=a_model(context_tok=1100))
    assert "the offer has 1,100" in said(by_model, tokens=tokens)


def test_a_speech_model_has_no_price_per_text_token() -> None:
    assert "makes speech" in said(a_token_option(model=a_model(modality="speech")))


def test_a_retired_offer_has_ended_on_its_day() -> None:
    assert said(a_token_option(an_offer(retired=TODAY))) == "the offer ended on 2026-11-22"
    assert said(a_token_option(an_offer(retired=TODAY + timedelta(days=1)))) == ""


def test_announced_hardware_from_its_day() -> None:
    def announced(day: date | None) -> Any:
        return a_machine_option(hardware=a_gpu(status="announced", available_from=day))

    assert said(announced(None)) == "gpu is announced, available from an unknown date"
    assert said(announced(date(2026, 11, 23))) == "gpu is announced, available from 2026-11-23"
    assert said(announced(TODAY)) == ""


def test_export_rules_hold_for_buyers_only() -> None:
    barred = a_gpu(not_for_sale_in=("CN",))
    china = at_site({"country": "cn"})
    assert said(a_machine_option(hardware=barred), **china) == "gpu may not be sold to CN"
    assert said(a_rented_option(hardware=barred), **china) == ""
    assert said(a_machine_option(hardware=barred), **at_site(GERMANY)) == ""
    assert said(a_machine_option(hardware=barred)) == ""


def test_a_free_seat_is_one_persons() -> None:
    free = a_plan_option(a_subscription(usd_per_seat_month=0))
    assert said(free, demand={"requests": 730}) == ""
    assert said(free, demand={"requests": 731}) == "a free seat is one person's; the workload needs 2"
    assert said(a_plan_option(a_subscription())) == ""
    assert said(a_plan_option(a_subscription(usd_per_seat_month=0, messages_per_day=None))) == ""


# --- how good it is

FLOOR = {"floor": {"gpqa_diamond": 85.0}}


def test_a_floor_needs_a_pass_at_1_score() -> None:
    missing = "no pass@1 score on gpqa-diamond is known; the floor is 85"
    assert said(a_token_option(), quality=FLOOR) == missing
    voted = a_score(score=99.0, metric="cons@64")
    other = a_score(score=99.0, model="other")
    assert said(a_token_option(), scores=(voted, other), quality=FLOOR) == missing


def test_at_the_floor_is_enough() -> None:
    assert said(a_token_option(), scores=(a_score(score=85.0),), quality=FLOOR) == ""
    low = said(a_token_option(), scores=(a_score(score=84.9),), quality=FLOOR)
    assert low == "gpqa-diamond 84.9 (published, 2026-01-01, tests) is under the floor of 85"


def test_the_row_that_turns_the_answer_is_named() -> None:
    # Capabilities 37: 74.1 at one source, 89.9 on the system card.
    one, card = a_score(score=74.1, kind="published"), a_score(score=89.9, kind="vendor", source="system card")
    scenario = a_scenario(workload=a_workload(quality=FLOOR), scores=(one, card))
    assert objections(a_token_option(), scenario) == []
    (note,) = remarks(a_token_option(), scenario)
    assert note.startswith("gpqa-diamond 89.9 (vendor")
    assert "74.1 (published, 2026-01-01, tests) would turn this" in note
    against = said(a_token_option(), scores=(one, a_score(score=89.9, kind="assumed")), quality=FLOOR)
    assert "under the floor of 85; 89.9 (assumed" in against


def test_of_equal_trust_the_later_row_holds() -> None:
    rows = a_score(score=90.0), a_score(score=70.0, as_of=date(2026, 6, 1))
    assert "70 (published, 2026-06-01" in said(a_token_option(), scores=rows, quality=FLOOR)


@pytest.mark.parametrize("floor", [{}, {"gpqa_diamond": 10.0}])
def test_agreeing_rows_need_no_remark(floor: dict[str, float]) -> None:
    scenario = a_scenario(workload=a_workload(quality={"floor": floor}), scores=(a_score(), a_score(score=81.0)))
    assert remarks(a_token_option(), scenario) == []


def test_a_stated_country_comes_before_the_tariffs() -> None:
    rules = {"residency": ("eu",)}
    abroad = at_site({"country": "US"}, constraints=rules)
    abroad["site"]["country"] = "DE"
    assert said(a_machine_option(), **abroad) == ""
    assert said(a_machine_option(), site={"country": "US"}, constraints=rules) != ""


def test_what_to_know_of_a_rental() -> None:
    spot = a_rented_option(a_rental(plan="spot"))
    assert len(remarks(spot, a_scenario())) == 1
    assert remarks(a_rented_option(), a_scenario()) == []


def test_an_answer_may_be_longer_than_the_offer_gives() -> None:
    short = a_token_option(an_offer().model_copy(update={"max_output_tok": 50}))
    assert said(short) == "needs answers of 100 tokens; the offer stops at 50"
