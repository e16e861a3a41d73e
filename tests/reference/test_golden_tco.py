"""Published worked cost examples, recomputed from their inputs with the project's own equations.

Each example of golden_tco_examples.yaml has one function here that returns every result of it, by name. Where the
source is wrong, the trap is named and the published figure must not come out of ours.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from tco.cost import finance, unit_costs
from tco.decide.breakeven import linear_breakeven_volume
from tco.decide.payback import simple_payback_months
from tco.units import H_PER_MONTH, H_PER_YEAR, MONTHS_PER_YEAR, S_PER_H, TOK_PER_MTOK, W_PER_KW, Num

approx: Any = pytest.approx

FILE = Path(__file__).with_name("golden_tco_examples.yaml")
EXAMPLES: dict[str, dict[str, Any]] = {
    example["id"]: example for example in yaml.safe_load(FILE.read_text(encoding="utf-8"))["examples"]
}
Inputs = dict[str, Any]
Results = dict[str, Any]


def published(example_id: str, name: str) -> float:
    return next(float(result["published"]) for result in EXAMPLES[example_id]["results"] if result["name"] == name)


def usd(tok: float, usd_per_mtok: Num) -> Any:
    return unit_costs.token_bill_usd(tok=tok, usd_per_mtok=usd_per_mtok)


def rent(usd_per_h: float, billed_h: float, n_units: float = 1.0) -> Any:
    return unit_costs.monthly_rental_usd(usd_per_h=usd_per_h, billed_h=billed_h, n_units=n_units)


def legitlads_buyrent(i: Inputs) -> Results:
    cloud = rent(i["cloud_usd_h"], H_PER_YEAR * i["years"] * i["util"], i["n"])
    own = i["capex"] + i["energy_ops_4y"]
    saved_per_year = (cloud - i["energy_ops_4y"]) / i["years"]
    months = simple_payback_months(upfront_usd=i["capex"], saving_usd_per_month=saved_per_year / MONTHS_PER_YEAR)
    flows = np.array([-i["capex"]] + [saved_per_year] * i["years"])
    # The rent bills busy hours: the utilisation at which it costs as much as owning.
    breakeven_h = linear_breakeven_volume(
        fixed_usd_per_month=own, price_usd_per_unit=rent(i["cloud_usd_h"], 1.0, i["n"]), marginal_usd_per_unit=0.0
    )
    return {
        "cloud_total": cloud,
        "own_total": own,
        "saving": cloud - own,
        "payback_y": months / MONTHS_PER_YEAR,
        "npv": finance.npv(rate_frac=i["rate"], cash_flows_usd=flows),
        "roi_x": (cloud - own) / i["capex"],
        "breakeven_util": breakeven_h / (H_PER_YEAR * i["years"]),
    }


def pypsa_annuity(i: Inputs) -> Results:
    names = ["r7n25", "r0n20", "rneg2n20"]
    return {name: finance.crf(rate_frac=r, n_periods=n) for name, (r, n) in zip(names, i["cases"], strict=True)}


def npf_docs(i: Inputs) -> Results:
    pmt, npv, irr, fv = i["pmt"], i["npv"], i["irr"], i["fv"]
    rate = fv["rate"] / fv["per_year"]
    today = finance.present_value(future_usd=1.0, rate_frac=rate, n_periods=fv["n"])
    return {
        "pmt": -pmt["pv"] * finance.crf(rate_frac=pmt["rate"], n_periods=pmt["n"]),
        "npv": finance.npv(rate_frac=npv["rate"], cash_flows_usd=np.array(npv["flows"])),
        "irr": finance.irr(cash_flows_usd=np.array(irr["flows"])),
        "fv": -(fv["pv"] + fv["pmt"] / finance.crf(rate_frac=rate, n_periods=fv["n"])) / today,
    }


def deepseek_day(i: Inputs) -> Results:
    cost = rent(i["usd_h"], 24.0, i["nodes"] * i["gpus"])
    revenue = usd(i["hit"], i["p_hit"]) + usd(i["miss"], i["p_miss"]) + usd(i["out"], i["p_out"])
    return {
        "daily_cost_usd": cost,
        "daily_revenue_usd": revenue,
        # The source divides its own revenue, from unrounded token counts, by its cost.
        "markup_on_cost_pct": 100.0
        * unit_costs.markup_frac(revenue_usd=published("deepseek-day", "daily_revenue_usd"), cost_usd=cost),
    }


def cheah_cluster(i: Inputs) -> Results:
    total = i["nodes"] * (i["node"] + i["ops_per_node"]) + i["switches"] * i.get("switch", 0.0) + i["cables"]
    return {"total": total, "per_node": total / i["nodes"], "per_gpu": total / i["nodes"] / 8}


def vjsairam_private(i: Inputs) -> Results:
    own = rent(i["gpu_h"] + i["cpu_h"] + i["storage_h"], i["billed_h"])
    ops_usd_per_h = i["ops_hours"] * i["ops_rate"] / 720.0  # the source's month
    return {
        "view_a_usd": own,
        "per_correct": own / i["correct"],
        "usd_per_1m": own / i["tokens"] * TOK_PER_MTOK,
        "view_b_high": own + rent(sum(i["shared_h"]) + ops_usd_per_h, i["billed_h"]),
    }


def lenovo_483m(i: Inputs) -> Results:
    return {"usd": rent(i["instance_usd_h"], i["gpu_hours"] / i["gpus"])}


def adaline_cost(i: Inputs) -> Results:
    a, b = (usd(i["in_tok"], i["p_in"]) + usd(i["out_tok"], p_out) for p_out in i["p_out"])
    return {"usd_a": a, "usd_b": b}


def a16z_llmflation(i: Inputs) -> Results:
    change = finance.annual_change_frac_between(
        start_usd=i["p0"], end_usd=i["p1"], n_months=i["years"] * MONTHS_PER_YEAR
    )
    trend = finance.trend_factor(annual_change_frac=change, month=i["years"] * MONTHS_PER_YEAR)
    return {"factor": 1.0 / trend, "per_year": 1.0 / (1.0 + change)}


def llmtco_breakeven(i: Inputs) -> Results:
    mtok = linear_breakeven_volume(
        fixed_usd_per_month=i["self_host_month"], price_usd_per_unit=i["blended_per_m"], marginal_usd_per_unit=0.0
    )
    return {"tokens_month": mtok * TOK_PER_MTOK}


def manning_escalation(i: Inputs) -> Results:
    per_request = unit_costs.escalated_usd_per_request(
        own_usd_per_request=i["gpu_usd_h"] / i["req_h"], escalated_frac=i["escalation"],
        next_usd_per_request=i["api_per_req"],
    )  # fmt: skip
    return {
        "breakeven_req_h": linear_breakeven_volume(
            fixed_usd_per_month=i["gpu_usd_h"], price_usd_per_unit=i["api_per_req"], marginal_usd_per_unit=0.0
        ),
        "usd_per_req": per_request,
        "saving_pct": 100.0 * (1.0 - per_request / i["api_per_req"]),
    }


def llmtco_api(i: Inputs) -> Results:
    return {"usd": usd(i["in_tok"], i["p_in"]) + usd(i["out_tok"], i["p_out"])}


def openrelay_month(i: Inputs) -> Results:
    return {"usd": rent(i["usd_h"], i["hours"])}


def llmtco_utilisation(i: Inputs) -> Results:
    return {"usd_month": rent(i["usd_h"], i["hours"])}


def gridstack_annual(i: Inputs) -> Results:
    on_demand, reserved = rent(i["od"], i["hours"]), rent(i["res"], i["hours"])
    return {"annual_od": on_demand, "annual_res": reserved, "saving": on_demand - reserved}


def magiclemp_or(i: Inputs) -> Results:
    per_mtok = unit_costs.usd_per_mtok(rental_usd_per_h=i["usd_h"] * (1.0 - i["discount"]), output_tok_per_s=i["tok_s"])
    return {"usd_per_req": usd(i["tok_req"], per_mtok)}


def neuralbase_power(i: Inputs) -> Results:
    energy = unit_costs.energy_usd(
        mean_w=i["kw"] * W_PER_KW, hours=i["hours"], usd_per_kwh=i["usd_kwh"], pue_ratio=i["pue"]
    )
    return {"usd_month_low": energy}


def disintermediate_64(i: Inputs) -> Results:
    return {"usd_day": rent(i["usd_h_per_8gpu_node"], 24.0, i["gpus"] / 8)}


def swfte_blend(i: Inputs) -> Results:
    blend = unit_costs.blended_usd_per_mtok(
        input_usd_per_mtok=i["p_in"], output_usd_per_mtok=i["p_out"], input_frac=i["in_share"]
    )
    return {"usd_m": blend}


def fpt_storage(i: Inputs) -> Results:
    gpu, storage = rent(i["gpu_h"], i["hours"]), rent(i["usd_gb_h"], i["hours"], i["gb"])
    return {"gpu": gpu, "storage": storage, "total": gpu + storage}


def buzzi_cache(i: Inputs) -> Results:
    p_in = unit_costs.cached_input_usd_per_mtok(
        input_usd_per_mtok=i["p_in"], cached_frac=i["cache_hit"], cache_discount_frac=i["disc"]
    )
    return {"usd": usd(i["in_m"] * TOK_PER_MTOK, p_in) + usd(i["out_m"] * TOK_PER_MTOK, i["p_out"])}


RECOMPUTE: dict[str, Callable[[Inputs], Results]] = {
    "legitlads-buyrent": legitlads_buyrent,
    "pypsa-annuity": pypsa_annuity,
    "npf-docs": npf_docs,
    "deepseek-day": deepseek_day,
    "cheah-16gpu": cheah_cluster,
    "cheah-512gpu": cheah_cluster,
    "vjsairam-private": vjsairam_private,
    "lenovo-483m": lenovo_483m,
    "adaline-cost": adaline_cost,
    "a16z-llmflation": a16z_llmflation,
    "llmtco-breakeven": llmtco_breakeven,
    "manning-escalation": manning_escalation,
    "llmtco-api": llmtco_api,
    "openrelay-month": openrelay_month,
    "llmtco-utilisation": llmtco_utilisation,
    "gridstack-annual": gridstack_annual,
    "magiclemp-or": magiclemp_or,
    "neuralbase-power": neuralbase_power,
    "disintermediate-64": disintermediate_64,
    "swfte-blend": swfte_blend,
    "fpt-storage": fpt_storage,
    "buzzi-cache": buzzi_cache,
}


def label(example: dict[str, Any]) -> str:
    trap = example.get("trap")
    return f"{example['id']}: {trap}" if trap else str(example["id"])


CASES = [
    pytest.param(example, result, id=f"{label(example)}: {result['name']}")
    for example in EXAMPLES.values()
    for result in example["results"]
]


def test_every_example_is_recomputed_and_cited() -> None:
    assert set(RECOMPUTE) == set(EXAMPLES)
    for example in EXAMPLES.values():
        assert example["source"]
        assert example["status"].startswith("wrong") == ("trap" in example), example["id"]
        assert {result["name"] for result in example["results"]} <= set(RECOMPUTE[example["id"]](example["inputs"]))


@pytest.mark.parametrize(("example", "result"), CASES)
def test_recomputed_from_inputs(example: dict[str, Any], result: dict[str, Any]) -> None:
    ours = RECOMPUTE[example["id"]](example["inputs"])[result["name"]]
    assert ours == approx(result["recomputed"], rel=5e-6)  # the file prints six digits or more
    is_published = ours == approx(result["published"], rel=result["rel_tol"])
    assert is_published == result["agrees"], f"{label(example)}: published {result['published']}, ours {ours}"
    assert result["agrees"] or "trap" in example


class TestNotesOfTheExamples:
    """What the notes add to the published figures."""

    def test_a_total_saving_may_have_a_negative_npv(self) -> None:
        ours = legitlads_buyrent(EXAMPLES["legitlads-buyrent"]["inputs"])
        assert ours["saving"] > 0 > ours["npv"]

    def test_the_cost_of_capital_that_flips_it_is_the_irr(self) -> None:
        i = EXAMPLES["legitlads-buyrent"]["inputs"]
        yearly = (rent(i["cloud_usd_h"], H_PER_YEAR * i["util"], i["n"])) - i["energy_ops_4y"] / i["years"]
        irr = finance.irr(cash_flows_usd=np.array([-i["capex"], *[yearly] * i["years"]]))
        assert 0.09 < irr < 0.10

    def test_markup_is_not_margin(self) -> None:
        revenue, cost = published("deepseek-day", "daily_revenue_usd"), published("deepseek-day", "daily_cost_usd")
        assert unit_costs.margin_frac(revenue_usd=revenue, cost_usd=cost) == approx(0.845, abs=5e-4)
        ours = deepseek_day(EXAMPLES["deepseek-day"]["inputs"])
        markup = unit_costs.markup_frac(revenue_usd=ours["daily_revenue_usd"], cost_usd=ours["daily_cost_usd"])
        assert markup == approx(5.45, rel=2e-3)  # from the rounded token counts too

    def test_a_later_list_price_reprices_the_run(self) -> None:
        i = EXAMPLES["lenovo-483m"]["inputs"] | {"instance_usd_h": 55.04}  # p5.48xlarge, 2026-11-09
        assert lenovo_483m(i)["usd"] == approx(270.4e6, rel=1e-3)

    def test_break_even_with_escalated_calls_is_higher(self) -> None:
        i = EXAMPLES["manning-escalation"]["inputs"]
        volume = linear_breakeven_volume(
            fixed_usd_per_month=i["gpu_usd_h"], price_usd_per_unit=i["api_per_req"],
            marginal_usd_per_unit=i["escalation"] * i["api_per_req"],
        )  # fmt: skip
        assert volume == approx(652.4, abs=0.05)

    def test_the_month_is_730_hours_not_720(self) -> None:
        i = EXAMPLES["openrelay-month"]["inputs"]
        assert rent(i["usd_h"], H_PER_MONTH) == approx(211.7)
        assert rent(i["usd_h"], H_PER_MONTH) != approx(openrelay_month(i)["usd"], rel=0.01)


class TestTrapsGiveThePublishedFigure:
    """The mistake, made on purpose, prints what the source prints: so it is this mistake, and not ours."""

    def test_utilisation_times_an_always_on_rent(self) -> None:
        i = EXAMPLES["llmtco-utilisation"]["inputs"]
        assert rent(i["usd_h"], i["hours"] * i["util"]) == approx(328.5)

    def test_a_reserved_discount_that_never_applies(self) -> None:
        i = EXAMPLES["magiclemp-or"]["inputs"] | {"discount": 0.0}
        assert magiclemp_or(i)["usd_per_req"] == approx(9.403752668e-05)

    def test_a_node_price_read_as_a_gpu_price(self) -> None:
        assert rent(24.0, 24.0, 64) == 36_864.0

    def test_a_simple_mean_is_a_mix_of_one_to_one(self) -> None:
        i = EXAMPLES["swfte-blend"]["inputs"]
        assert swfte_blend(i | {"in_share": 0.5})["usd_m"] == 20.0
        assert 20.0 / swfte_blend(i)["usd_m"] == approx(1.43, abs=0.005)  # break-even moves by 43%

    def test_a_cache_discount_on_output(self) -> None:
        i = EXAMPLES["buzzi-cache"]["inputs"]
        factor = 1.0 - i["cache_hit"] * i["disc"]
        assert (i["in_m"] * i["p_in"] + i["out_m"] * i["p_out"]) * factor == approx(5.775)

    def test_tokens_per_hour_need_3600_seconds(self) -> None:
        assert magiclemp_or(EXAMPLES["magiclemp-or"]["inputs"])["usd_per_req"] == approx(
            3.673 * 0.38 * 64 / (694.38 * S_PER_H)
        )
