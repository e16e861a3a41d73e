from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tco.decide.assess import assess
from tco.decide.layouts import Built, layouts_of
from tco.decide.search import cheapest, search
from tco.describe.hardware import Ceilings
from tco.describe.option import MachineOption
from tco.describe.record import Figure
from tco.describe.serving import Serving, Split
from tests.factories import a_machine_option, a_price, a_rental, a_rented_option, a_scenario, a_speed, a_workload
from tests.unit.perform import examples as x

approx: Any = pytest.approx


def a_card(name: str, **changes: Any) -> Any:
    host = {"usd": 2000, "idle_w": 100, "busy_w": 300, "max_gpus": 8}
    base = {
        "id": name, "idle_w": 50, "busy_w": 300, "host": host, "prices": (a_price(usd=10_000),), "link_gb_per_s": 600,
    }  # fmt: skip
    return x.a_gpu(**{**base, **changes})


CARDS = (
    a_card("small", memory_gb=24, bandwidth_gb_per_s=1000, dense_tflops={"bf16": 165}, prices=(a_price(usd=1600),)),
    a_card("middle", memory_gb=48, bandwidth_gb_per_s=864, dense_tflops={"bf16": 362}, prices=(a_price(usd=8000),)),
    a_card("large", memory_gb=80, bandwidth_gb_per_s=3350, dense_tflops={"bf16": 989}, prices=(a_price(usd=27_000),)),
    a_card(
        "server", memory_gb=141, bandwidth_gb_per_s=4800, dense_tflops={"bf16": 989},
        host={"usd": 60_000, "idle_w": 500, "busy_w": 2000, "max_gpus": 8, "sold_whole": True},
    ),
    a_card("tiny", memory_gb=4, host={"usd": 0, "idle_w": 0, "busy_w": 0}),
    a_card("free", prices=()),
    a_card("blank", bandwidth_gb_per_s=None),
)  # fmt: skip


def serving(hardware: Any, **changes: Any) -> MachineOption:
    base = {
        "id": f"own:{hardware.id}", "hardware": hardware, "model": x.LLAMA_8B, "model_id": "llama-3.1-8b",
        "speed": None, "n_gpus": None,
    }  # fmt: skip
    return a_machine_option(**{**base, **changes})


GROUP = tuple(serving(card) for card in CARDS)


def brute_force(group: Any, scenario: Any) -> Any:
    """The cheapest result of assessing every layout in every format on its own; None when nothing serves."""
    layouts = (
        replace(option, n_gpus=n_gpus, dtype=dtype)
        for option in group
        for dtype in option.dtypes or (option.dtype,)
        for n_gpus in ((1, 2, 4, 8) if option.hardware.host and option.hardware.host.max_gpus == 8 else (1,))
    )
    results = [assess(option, scenario) for option in layouts]
    priced = [result for result in results if result.feasible and result.usd_per_month is not None]
    return min(priced, key=lambda result: result.usd_per_month or 0.0, default=None)


@settings(max_examples=25)
@given(
    requests=st.floats(1e3, 1e9),
    input_tok=st.floats(1, 30_000),
    output_tok=st.floats(1, 2000),
    cached=st.sampled_from([0.0, 0.5]),
    batch=st.sampled_from([0.0, 1.0]),
    slo=st.sampled_from([{}, {"itl_p95": 0.05}, {"ttft_p95": 1.0, "itl_p99": 0.03}]),
    spare=st.sampled_from(["none", "n+1"]),
    model=st.sampled_from([x.LLAMA_8B, x.LLAMA_70B, x.GPT_OSS]),
)
def test_the_search_finds_what_assessing_each_finds(
    requests: float, input_tok: float, output_tok: float, cached: float, batch: float, slo: Any, spare: str, model: Any
) -> None:
    held = a_workload(
        demand={"requests": requests, "peak_to_mean": 3}, slo=slo, batch_frac=batch,
        tokens={"input": input_tok, "output": output_tok, "cached_input_frac": cached},
        finance={"redundancy": spare, "wacc_frac": 0.1}, site={"pue": 1.3, "colocation": 195},
    )  # fmt: skip
    scenario = a_scenario(workload=held)
    group = [replace(option, model=model, model_id=model.id, dtypes=("bf16", "int8")) for option in GROUP[:5]]
    best = brute_force(group, scenario)
    found = cheapest(group, scenario, {})
    chosen = assess(found.option, scenario)
    if best is None:
        assert not chosen.feasible
    else:
        assert chosen.feasible
        assert chosen.usd_per_month == approx(best.usd_per_month, rel=1e-9)


def test_why_others_fell_out() -> None:
    found = cheapest(GROUP, a_scenario(), {})
    assert found.n_searched == 7
    why = dict(found.refused)
    assert len(why) == 3
    assert "no price" in why[GROUP[5].id]
    assert "no memory bandwidth" in why[GROUP[6].id]
    assert "does not fit" in why[GROUP[4].id]
    assert found.text == "cheapest of 7 machines searched, 3 of which cannot serve it; replicas of 1 to 8 GPUs"
    assert found.option.n_gpus == 1


def test_the_next_best_follow_by_their_bill() -> None:
    scenario = a_scenario()
    found = cheapest(GROUP, scenario, {})
    results = [assess(option, scenario) for option in (found.option, *found.next_best)]
    assert len(results) == 8
    bills = [result.usd_per_month or 0.0 for result in results]
    assert bills == sorted(bills)
    assert all(result.feasible for result in results)
    assert cheapest([GROUP[4]], scenario, {}).next_best == ()


def test_rules_hold_in_the_search() -> None:
    barred = serving(a_card("barred", not_for_sale_in=("US",), prices=(a_price(usd=1),)))
    from tco.describe.workload import Tariff

    scenario = a_scenario(workload=a_workload(site={"electricity": Tariff(country="US")}))
    found = cheapest([barred, GROUP[0]], scenario, {})
    assert found.option.id == "own:small"
    assert [(name, "may not be sold" in why) for name, why in found.refused] == [("own:barred", True)]


def test_when_none_serves_the_first_says_why() -> None:
    nowhere = cheapest([GROUP[5], GROUP[6]], a_scenario(), {})
    assert nowhere.option.id == "own:free"
    assert [name for name, _ in nowhere.refused] == [GROUP[5].id, GROUP[6].id]
    tiny = cheapest([GROUP[4]], a_scenario(), {})
    assert "does not fit" in assess(tiny.option, a_scenario()).reasons[0]


def test_a_measurement_counts_in_the_search() -> None:
    # Both cards are alike but one is measured far slower than predicted: the other is cheaper.
    row = x.a_row(hardware="small", model="llama-3.1-8b", input_tok=1000.0, output_tok=100.0, output_tok_per_s=20.0)
    measured = serving(CARDS[0], id="own:measured", measured=(row,))
    twin = serving(
        a_card("twin", memory_gb=24, bandwidth_gb_per_s=1000, dense_tflops={"bf16": 165}, prices=(a_price(usd=1600),))
    )
    scenario = a_scenario(workload=a_workload(demand={"requests": 5_000_000}))
    assert cheapest([measured, twin], scenario, {}).option.id == "own:twin"
    assert brute_force([measured, twin], scenario).option.id == "own:twin"


def test_watts_measured_at_the_point_count_in_the_search() -> None:
    # Two cards alike in price and measured speed: the one said to draw less was measured to draw far more.
    def measured(name: str, said_w: float, drawn_w: float) -> MachineOption:
        lengths = {"input_tok": 1000.0, "output_tok": 100.0}
        row = x.a_row(hardware=name, model="llama-3.1-8b", kind="measured", busy_w=drawn_w, **lengths)
        card = CARDS[0].model_copy(update={"id": name, "busy_w": Figure(value=said_w, unit="W")})
        return serving(card, measured=(row,))

    options = [measured("modest", 100.0, 900.0), measured("honest", 300.0, 300.0)]
    scenario = a_scenario(workload=a_workload(demand={"requests": 5_000_000}))
    assert cheapest(options, scenario, {}).option.id == "own:honest"
    assert brute_force(options, scenario).option.id == "own:honest"


def test_a_measurement_of_other_lengths_is_not_one() -> None:
    row = x.a_row(hardware="small", model="llama-3.1-8b", input_tok=9000.0, output_tok=100.0)
    found = cheapest([serving(CARDS[0], measured=(row,))], a_scenario(), {})
    assert found.text == "cheapest of 1 machines searched; replicas of 1 to 8 GPUs"


def test_a_stated_speed_counts_too() -> None:
    found = cheapest([serving(CARDS[0], speed=a_speed(), n_gpus=1)], a_scenario(), {})
    assert found.option.n_gpus == 1


def test_rentals_by_the_instance() -> None:
    # One GPU at 3 USD/h is dearer an hour but cheaper than eight at 2 when one is enough.
    one, eight = (
        a_rented_option(a_rental(provider=name, n_gpus=n, usd_per_gpu_h=usd), hardware=CARDS[2], model=x.LLAMA_8B,
                        model_id="llama-3.1-8b", speed=None, n_gpus=None, id=name)
        for name, n, usd in (("one", 1, "3"), ("eight", 8, "2"))
    )  # fmt: skip
    scenario, built = a_scenario(), Built()
    assert cheapest([eight, one], scenario, built).option.id == "one"
    assert len(built) == 2
    assert cheapest([one, eight], scenario, built).option.id == "one"  # from layouts already worked out


def test_an_option_known_to_have_no_price_falls_out() -> None:
    unpriced = serving(CARDS[0], id="own:unpriced", unpriced="no price: on request")
    found = cheapest([unpriced, GROUP[2]], a_scenario(), {})
    assert (found.option.id, found.refused) == ("own:large", (("own:unpriced", "no price: on request"),))
    assert assess(unpriced, a_scenario()).reasons == ("no price: on request",)


def test_more_gpus_where_fewer_miss_a_limit() -> None:
    scenario = a_scenario(workload=a_workload(slo={"itl_p95": 0.006}))
    one, two = (assess(replace(serving(CARDS[2]), n_gpus=n), scenario) for n in (1, 2))
    assert not one.feasible
    assert two.feasible
    found = cheapest([serving(CARDS[2])], scenario, {})
    assert found.option.n_gpus == 2
    assert found.option.id == "own:large"


def test_the_cheaper_format_wins_and_is_named() -> None:
    # Half the bytes: one card where 16 bit needs two.
    option = serving(CARDS[2], model=x.LLAMA_70B, model_id="llama-70b", id="own:large/m-bf16", dtypes=("bf16", "int8"))
    found = cheapest([option], a_scenario(), {})
    assert (found.option.dtype, found.option.id, found.dtypes) == ("int8", "own:large/m-int8", ("bf16", "int8"))
    assert found.text.endswith("; weights in bf16, int8")
    assert cheapest([replace(option, dtypes=())], a_scenario(), {}).option.dtype == "bf16"


def test_a_model_under_its_floor_is_refused_whole() -> None:
    scenario = a_scenario(workload=a_workload(quality={"floor": {"mmlu": 80}}))
    found = cheapest(GROUP, scenario, {})
    assert found.refused == (("llama-3.1-8b", "no pass@1 score on mmlu is known; the floor is 80"),)
    assert found.is_worth_showing
    unnamed = tuple(replace(option, dtypes=("bf16",)) for option in GROUP)
    assert [(each.refused, each.is_worth_showing) for each in search([unnamed, ()], scenario)] == [
        (found.refused, False)
    ]


def test_a_stated_split_is_the_only_layout() -> None:
    split = Serving(split=Split(tensor=2))
    option = serving(CARDS[2], n_gpus=2, serving=split)
    scenario, built = a_scenario(), Built()
    found = cheapest([option], scenario, built)
    assert (found.option, found.sizes) == (option, (2,))
    alone = assess(option, scenario).capacity
    assert alone is not None
    assert [layout.req_per_s for layout in layouts_of(option, "bf16", built)] == [approx(alone.req_per_s)]


def test_a_machine_measured_itself_is_sized_one_by_one() -> None:
    measured = {"bandwidth_gb_per_s": 1000, "tflops": {"bf16": 300}}
    card = a_card("large", memory_gb=80, bandwidth_gb_per_s=3350, dense_tflops={"bf16": 989}, prices=(a_price(usd=9),))
    known = card.model_copy(update={"ceilings": Ceilings.model_validate(measured)})
    scenario, built = a_scenario(), Built()
    found = cheapest([serving(known)], scenario, built)
    assert found.sizes == (1, 2, 4, 8)
    alone = assess(replace(serving(known), n_gpus=1), scenario).capacity
    assert alone is not None
    assert layouts_of(serving(known), "bf16", built)[0].req_per_s == approx(alone.req_per_s)
