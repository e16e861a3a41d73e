"""Worked examples of prices, self-hosted cost and break-even, end to end: a workload file in, the tool's number out.

The conventions of the examples: a month of 730 h, 0.15 USD/kWh, straight line over 36 months without salvage,
RTX 4090 = 1,600 USD, 450 W single-stream, 350 W batched; list prices.

Not here, because they need a command of their own: 2 and 7 (claims and imports against the sheet), 14 (a
microbenchmark read in), 16 and 20 (plausibility of a claim), 23 in part (one-time cost as lines of GPU hours and
people); of 1, prices in RMB (tokens are priced in USD). Their equations are tested in ``test_capabilities_perform`` and
``test_capabilities_bc``, as are 18 and 19.
"""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tco import evaluate
from tco.cli.main import app
from tco.decide.breakeven import linear_breakeven_volume
from tco.describe.record import parse_quantity
from tco.files.catalogue import Catalogue
from tco.files.scenario import load
from tco.report.catalogue import price_row
from tco.units import S_PER_MONTH
from tests.conftest import ROOT
from tests.reference.workfile import CARD, FINANCE, SITE, bill, card, compared, line, priced, scenario_of

approx: Any = pytest.approx
SINGLE = {"decode_tok_per_s": 40.0, "busy_w": 450.0}
BATCHED = {"decode_tok_per_s": 1100.0, "busy_w": 350.0}
OUTPUT_ONLY = {"input": 0, "output": 1000}


def at_use(tok_per_s: float, used_frac: float = 1.0) -> float:
    """Requests a month of 1,000 output tokens that keep a machine busy for a share of the month."""
    return tok_per_s * S_PER_MONTH * used_frac / 1000


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue(None)


def on_day(catalogue: Catalogue, provider: str, model: str, day: date) -> tuple[float | None, float | None]:
    """Input and output price of a day, in USD per million tokens."""
    offer = next(each for each in catalogue.offers if (each.provider, each.model) == (provider, model))
    row = price_row(offer, day)
    found = tuple(row[f"{meter}_usd_per_mtok"] for meter in ("input", "output"))
    return tuple(None if text is None else float(text) for text in found)  # type: ignore[return-value]


# --- A. prices and units ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("0.003-0.005 USD/1K", 3.00, 5.00),
        ("0.003 USD/ktok", 3.00, None),
        ("3 USD/1M", 3.00, None),
        ("0.000003 USD/tok", 3.00, None),
        ("3.00 $/1M", 3.00, None),
    ],
)
def test_01_prices_in_any_unit_are_per_million(text: str, low: float, high: float | None) -> None:
    found = parse_quantity(text, "USD/Mtok")
    assert found.get("low", found["value"]) == approx(low)
    assert found.get("high") == (None if high is None else approx(high))


def test_03_prices_by_date(catalogue: Catalogue) -> None:
    mini = on_day(catalogue, "openai", "gpt-4o-mini", date(2025, 4, 1))
    before = on_day(catalogue, "openai", "gpt-4o", date(2024, 6, 1))
    after = on_day(catalogue, "openai", "gpt-4o", date(2025, 4, 1))
    assert (before, after, mini[0]) == ((5.0, 15.0), (2.5, 10.0), 0.15)
    assert before[0] is not None
    assert after[0] is not None
    assert before[0] / 0.15 == approx(33.3, abs=0.05)
    assert after[0] / 0.15 == approx(16.7, abs=0.05)


def test_04_blend_by_mix(tmp_path: Path) -> None:
    offers = {"api": ["anthropic/claude-opus-4.6"], "budget_cloud": ["deepseek/deepseek-r1"]}
    found = compared(scenario_of(tmp_path, requests=1000, tokens={"input": 750, "output": 250}, candidates=offers))
    assert found["anthropic/claude-opus-4.6"].usd_per_mtok == approx(10.00)
    r1 = {each.name: each.usd_per_unit for each in found["deepseek/deepseek-r1"].lines}
    assert r1 == {"input tokens": approx(0.55), "output tokens": approx(2.19)}


def test_05_rumoured_listed_and_promotional(tmp_path: Path, catalogue: Catalogue) -> None:
    assert on_day(catalogue, "deepseek", "deepseek-v4-pro", date(2026, 5, 4)) == (0.435, 0.87)
    assert on_day(catalogue, "deepseek", "deepseek-v4-pro", date(2026, 6, 1)) == (1.74, 3.48)
    asked: dict[str, Any] = {"requests": 1000, "tokens": {"input": 1000, "output": 100}, "day": date(2026, 3, 24)}
    v4 = {"budget_cloud": ["deepseek/deepseek-v4"]}
    silent = compared(scenario_of(tmp_path, **asked, candidates=v4))["deepseek/deepseek-v4"]
    assert silent.usd_per_month is None
    assert "only a rumoured price" in silent.reasons[0]
    told = compared(scenario_of(tmp_path, **asked, candidates=v4, rumoured=True))["deepseek/deepseek-v4"]
    assert line(told, "input") == approx(0.10)
    assert any("rumoured" in note for note in told.notes)


def test_05_the_flag_is_needed_and_the_row_labelled(tmp_path: Path) -> None:
    scenario_of(
        tmp_path, requests=1000, tokens={"input": 1000, "output": 100}, day=date(2026, 3, 24),
        candidates={"budget_cloud": ["deepseek/deepseek-v4"]},
    )  # fmt: skip
    asked = ["compare", str(tmp_path / "worked-example.yaml"), "--draws", "0", "--json"]
    without = CliRunner().invoke(app, asked)
    assert without.exit_code == 1
    assert "rumoured" in without.stdout
    flagged = CliRunner().invoke(app, [*asked, "--allow-rumoured"])
    assert flagged.exit_code == 0
    assert "rumoured" in flagged.stdout


def test_06_age_of_a_price(tmp_path: Path) -> None:
    old = priced("sheet/gpt-5.2", input=1.75, output=14.0)
    old["price"]["since"] = date(2025, 12, 11)
    found = compared(
        scenario_of(
            tmp_path, requests=1000, tokens={"input": 1000, "output": 100}, day=date(2026, 3, 24),
            candidates={"api": [old]},
        )
    )["sheet/gpt-5.2"]  # fmt: skip
    assert (date(2026, 3, 24) - date(2025, 12, 11)).days == 20 + 31 + 28 + 24 == 103
    assert any("103 days old" in note for note in found.notes)


def test_08_prompt_caching(tmp_path: Path) -> None:
    day = date(2026, 11, 22)
    shipped = load(str(ROOT / "workloads" / "startup-chat.yaml"), as_of=day, only="api", today=day)
    haiku = compared(shipped)["anthropic/claude-haiku-4.5"]
    lines = {each.name: float(each.usd_per_month) for each in haiku.lines}
    assert lines == {
        "input tokens": approx(432.00), "cache read tokens": approx(64.80), "output tokens": approx(1125.00),
    }  # fmt: skip
    assert bill(haiku) == approx(1621.80)
    uncached = scenario_of(
        tmp_path, requests=900_000, tokens={"input": 1200, "output": 250},
        candidates={"api": ["anthropic/claude-haiku-4.5"]},
    )  # fmt: skip
    assert bill(compared(uncached)["anthropic/claude-haiku-4.5"]) == approx(2205.00)


def test_08_batch_halves_the_bill(tmp_path: Path) -> None:
    asked: dict[str, Any] = {"requests": 1000, "tokens": {"input": 1000, "output": 1000}}
    offers = {"api": ["anthropic/claude-sonnet-4.6"]}
    now = compared(scenario_of(tmp_path, **asked, candidates=offers))["anthropic/claude-sonnet-4.6"]
    later = compared(scenario_of(tmp_path, **asked, candidates=offers, batch_frac=1))["anthropic/claude-sonnet-4.6"]
    assert bill(later) == approx(bill(now) / 2)


def test_09_flat_subscription(tmp_path: Path) -> None:
    offers = {"api": ["openai/gpt-4o", {"plan": "chatgpt-plus"}]}
    scenario = scenario_of(
        tmp_path, requests=1500, tokens={"input": 1000, "output": 500}, day=date(2025, 7, 1), candidates=offers
    )
    found = compared(scenario)
    assert found["openai/gpt-4o"].usd_per_request == approx(0.0075)
    assert bill(found["openai/gpt-4o"]) == approx(11.25)  # at the cap of the seat, 50 x 30
    assert bill(found["openai/chatgpt-plus"]) == 20.0
    uncapped = linear_breakeven_volume(fixed_usd_per_month=20.0, price_usd_per_unit=0.0075, marginal_usd_per_unit=0.0)
    assert uncapped == approx(2667, abs=0.5)
    even = evaluate.duel(scenario, own="chatgpt-plus", versus="openai/gpt-4o").break_even
    assert even.requests_per_month is None  # a second seat is needed long before


def test_10_pay_per_outcome(tmp_path: Path) -> None:
    offers = {"api": [{"plan": "pay-per-resolution"}, "openai/gpt-4o-mini", "anthropic/claude-sonnet-4.6"]}
    found = compared(
        scenario_of(
            tmp_path, requests=10_000, tokens={"input": 3000, "output": 500}, candidates=offers,
            quality={"success_frac": 0.6},
        )
    )  # fmt: skip
    offered, mini = found["example/pay-per-resolution"], found["openai/gpt-4o-mini"]
    sonnet = found["anthropic/claude-sonnet-4.6"]
    assert offered.usd_per_correct == approx(0.01)
    assert mini.usd_per_request == approx(0.00075)
    assert mini.usd_per_request is not None
    assert mini.usd_per_request / 0.01 == approx(0.075)  # break-even success rate
    assert mini.usd_per_correct == approx(0.00125)
    assert mini.usd_per_correct is not None
    assert 1 - mini.usd_per_correct / 0.01 == approx(0.875)
    assert sonnet.usd_per_request == approx(0.0165)  # dearer than the success it would earn: never


def test_10_an_outcome_needs_a_success_rate(tmp_path: Path) -> None:
    offers = {"api": [{"plan": "pay-per-resolution"}]}
    found = compared(scenario_of(tmp_path, requests=1, tokens={"input": 1, "output": 1}, candidates=offers))
    result = found["example/pay-per-resolution"]
    assert result.usd_per_month is None
    assert "success_frac" in result.reasons[0]


# --- B. self-hosted cost ------------------------------------------------------------------------------


@pytest.mark.parametrize(("used", "capital", "total"), [(1.0, 0.4228, 0.8915), (0.12, 3.5233, 3.99)])
def test_11_usd_per_mtok(tmp_path: Path, used: float, capital: float, total: float) -> None:
    requests = at_use(40, used)
    own = {"self_hosted": [card(**SINGLE)]}
    found = compared(scenario_of(tmp_path, requests=requests, tokens=OUTPUT_ONLY, candidates=own))[CARD]
    mtok = requests * 1000 / 1e6
    assert line(found, "capital: accelerators") / mtok == approx(capital, abs=5e-5)
    assert line(found, "energy: busy") / mtok == approx(0.46875)
    assert found.usd_per_mtok_output == approx(total, abs=5e-3 if used < 1 else 5e-5)


@pytest.mark.parametrize(
    ("speed", "price", "used"), [(SINGLE, 4.0, 0.12), (BATCHED, 0.05, 0.418)], ids=["single", "batched"]
)
def test_12_backwards_for_utilisation(tmp_path: Path, speed: dict[str, float], price: float, used: float) -> None:
    offers = {"api": [priced("target/claude-haiku-3.5", output=price)], "self_hosted": [card(**speed)]}
    scenario = scenario_of(tmp_path, requests=10_000, tokens=OUTPUT_ONLY, candidates=offers)
    solved = evaluate.duel(scenario, own=CARD, versus="target/", solve_for="utilisation").solved
    assert solved is not None
    assert solved.value == approx(used, abs=5e-4)


def test_13_no_zero_marginal_cost(tmp_path: Path) -> None:
    def against(speed: dict[str, float]) -> tuple[float, str, float | None]:
        offers = {"api": [priced("deepseek/deepseek-v4-flash", output=0.28)], "self_hosted": [card(**speed)]}
        scenario = scenario_of(tmp_path, requests=10_000, tokens=OUTPUT_ONLY, candidates=offers)
        even = evaluate.duel(scenario, own=CARD, versus="deepseek/").break_even
        return line(compared(scenario)[CARD], "energy: busy") / 10.0, even.reason, even.requests_per_month

    single, why, never = against(SINGLE)
    assert single == approx(0.469, abs=5e-4)
    assert never is None
    assert "never: the electricity of a request" in why
    batched, _, volume = against(BATCHED)
    assert batched == approx(0.0133, abs=5e-5)
    assert volume is not None


@pytest.mark.parametrize(
    ("concurrency", "tok_per_s", "usd_per_mtok"), [(1, 195, 0.1615), (8, 880, 0.0358), (32, 1100, 0.0286)]
)
def test_15_throughput_is_a_table(tmp_path: Path, concurrency: int, tok_per_s: float, usd_per_mtok: float) -> None:
    table = [{"concurrency": 1, "output_tok_per_s": 195}, {"concurrency": 8, "output_tok_per_s": 880},
             {"concurrency": 32, "output_tok_per_s": 1100}]  # fmt: skip
    rows = {"points": [row for row in table if row["concurrency"] <= concurrency], "source": "worked example"}
    own = {"self_hosted": [card(decode_tok_per_s=1.0, busy_w=350.0) | {"throughput": rows}]}
    tokens = {"input": 1, "output": 1000}
    found = compared(scenario_of(tmp_path, requests=at_use(tok_per_s), tokens=tokens, candidates=own))[CARD]
    assert found.capacity is not None
    assert found.capacity.concurrency == concurrency
    assert found.usd_per_mtok_output == approx(usd_per_mtok, abs=5e-5)


def test_15_a_latency_limit_picks_the_row(tmp_path: Path) -> None:
    table = [{"concurrency": n, "output_tok_per_s": rate, "itl_ms": itl}
             for n, rate, itl in ((1, 195, 5.1), (8, 880, 9.1), (32, 1100, 29.1))]  # fmt: skip
    own = {"self_hosted": [card(decode_tok_per_s=1.0, busy_w=350.0) | {"throughput": {"points": table}}]}
    found = compared(
        scenario_of(
            tmp_path, requests=1000, tokens={"input": 1, "output": 1000}, candidates=own, slo={"itl_p95": "12 ms"}
        )
    )[CARD]
    assert found.capacity is not None
    assert found.capacity.output_tok_per_s == 880


def test_17_memory_fit(tmp_path: Path) -> None:
    one = {"model": "generic-70b", "hardware": "rtx-4090", "dtype": "int4", "n_gpus": 1}
    own = {"self_hosted": [one, one | {"n_gpus": 2}]}
    found = compared(scenario_of(tmp_path, requests=100, tokens={"input": 100, "output": 100}, candidates=own))
    alone, pair = found["own:1x-rtx-4090/generic-70b-int4"], found["own:2x-rtx-4090/generic-70b-int4"]
    assert any("does not fit" in reason for reason in alone.reasons)
    assert pair.feasible, pair.reasons


@pytest.mark.parametrize(("tok_per_s", "usd_per_mtok"), [(1500, 0.435), (6528, 0.10)])
def test_21_rented_gpu(tmp_path: Path, tok_per_s: float, usd_per_mtok: float) -> None:
    rented = {
        "model": "qwen3-8b", "hardware": "h100-sxm", "n_gpus": 1, "usd_per_gpu_h": 2.35, "provider": "lambda",
        "throughput": {"decode_tok_per_s": tok_per_s},
    }  # fmt: skip
    offers = {"budget_cloud": [rented]}
    found = compared(scenario_of(tmp_path, requests=at_use(tok_per_s), tokens=OUTPUT_ONLY, candidates=offers))
    (only,) = found.values()
    assert bill(only) == approx(2.35 * 730)
    assert only.usd_per_mtok_output == approx(usd_per_mtok, abs=5e-4)


def test_22_separate_lines(tmp_path: Path) -> None:
    site = SITE | {"powered_when_idle": True, "staff_fte": 0.1, "usd_per_fte_month": 12500}
    node = card(decode_tok_per_s=1100, busy_w=550, usd=3000, idle_w=100)
    node["throughput"]["prefill_tok_per_s"] = 10_000
    found = compared(
        scenario_of(
            tmp_path, requests=100_000, tokens={"input": 2000, "output": 300}, batch_frac=1, site=site,
            candidates={"self_hosted": [node]},
        )
    )[CARD]  # fmt: skip
    lines = {each.name: float(each.usd_per_month) for each in found.lines}
    assert lines["capital: accelerators"] == approx(83.33, abs=5e-3)
    assert lines["energy: busy"] == approx(1.08, abs=5e-3)
    assert lines["energy: idle"] == approx(10.75, abs=5e-3)
    assert lines["staff"] == 1250.0
    assert bill(found) == approx(1345.17, abs=5e-3)
    assert lines["staff"] / bill(found) == approx(0.929, abs=5e-4)
    assert {"maintenance", "space", "software licence"} <= lines.keys()


def test_23_one_time_effort_is_its_own_line(tmp_path: Path) -> None:
    efforts = [{"name": "GPU hours", "usd": 6.9333 * 2.5}, {"name": "an engineer for 3 months", "usd": 37_500}]
    own = {"self_hosted": [card(**SINGLE)]}
    found = compared(
        scenario_of(
            tmp_path, requests=1000, tokens=OUTPUT_ONLY, candidates=own, finance=FINANCE | {"one_time": efforts}
        )
    )[CARD]
    assert line(found, "one-time effort") == approx((37_500 + 17.33) / 36, abs=5e-3)


# --- C. break-even and payback ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "price", "mtok", "used"),
    [
        ("claude-opus-4.6", 25.0, 1.81, 0.017),
        ("claude-sonnet-4.6", 15.0, 3.06, None),
        ("gpt-4o", 10.0, 4.66, None),
        ("claude-haiku-3.5", 4.0, 12.59, None),
        ("deepseek-r1", 2.19, 25.8, 0.246),
        ("deepseek-v4-flash", 0.28, None, None),
    ],
)
def test_24_break_even_volume(tmp_path: Path, model: str, price: float, mtok: float | None, used: float | None) -> None:
    offers = {"api": [priced(f"list/{model}", output=price)], "self_hosted": [card(**SINGLE)]}
    scenario = scenario_of(tmp_path, requests=10_000, tokens=OUTPUT_ONLY, candidates=offers)
    found = evaluate.duel(scenario, own=CARD, versus=model).break_even
    if mtok is None:
        assert found.tok_per_month is None
        assert found.reason.startswith("never")
        return
    assert found.tok_per_month == approx(mtok * 1e6, abs=0.05e6 if mtok == 25.8 else 0.005e6)
    assert found.tok_per_month == approx(1600 / 36 / (price - 0.46875) * 1e6, rel=1e-9)
    assert used is None or found.utilisation_frac == approx(used, abs=1e-3)


@pytest.mark.parametrize(
    ("capex", "api_usd", "fte", "months"),
    [(20_000, 50_000, 0.0, 0.4), (50_000, 10_000, 0.0, 5.0), (20_000, 10_000, 0.5, 5.3), (50_000, 10_000, 0.5, 13.3)],
)
def test_25_payback_over_ranges(tmp_path: Path, capex: float, api_usd: float, fte: float, months: float) -> None:
    offers = {
        "api": [priced("list/gpt-4o", output=api_usd / 1000)],
        "self_hosted": [card(decode_tok_per_s=4000, busy_w=450, usd=capex)],
    }
    site = SITE | {"electricity": 0, "staff_fte": fte, "usd_per_fte_month": 12500}
    scenario = scenario_of(tmp_path, requests=1e6, tokens=OUTPUT_ONLY, candidates=offers, site=site)
    assert bill(compared(scenario)["list/gpt-4o"]) == approx(api_usd)
    found = evaluate.duel(scenario, own=CARD, versus="list/").break_even
    assert found.payback_months == approx(months, abs=0.05)


@pytest.mark.parametrize(("effort", "months"), [(0, 2.9), (37_500, 39.0)])
def test_26_payback_with_upfront_effort(tmp_path: Path, effort: float, months: float) -> None:
    node = card(decode_tok_per_s=1100, busy_w=550, usd=3000, idle_w=100)
    node["throughput"]["prefill_tok_per_s"] = 10_000
    asked: dict[str, Any] = {
        "requests": 100_000, "tokens": {"input": 2000, "output": 300}, "batch_frac": 1,
        "site": SITE | {"powered_when_idle": True},
        "candidates": {"api": [priced("list/claude-sonnet-4.6", input=3.0, output=15.0)], "self_hosted": [node]},
    }  # fmt: skip
    one_time = [{"name": "distillation", "usd": effort}] if effort else []

    def even(life_months: int) -> Any:
        finance = FINANCE | {"one_time": one_time, "life_months": life_months}
        return evaluate.duel(scenario_of(tmp_path, **asked, finance=finance), own=CARD, versus="list/").break_even

    assert even(60).payback_months == approx(months, abs=0.05)  # what is left running does not depend on the life
    if months > 36:
        found = even(36)
        assert found.payback_months is None
        assert "does not pay back within hardware life (36 months)" in found.payback_reason


def test_27_capacity_that_a_bill_buys(tmp_path: Path) -> None:
    def at(price: float) -> tuple[Any, Any]:
        offers = {
            "api": [priced("list/gpt-4o", output=price)],
            "self_hosted": [card(**BATCHED, idle_w=350.0)],  # the example draws full power all month
        }
        site = SITE | {"powered_when_idle": True}
        requests = 10_000 / price * 1e6 / 1000
        scenario = scenario_of(tmp_path, requests=requests, tokens=OUTPUT_ONLY, candidates=offers, site=site)
        own = compared(scenario)[CARD]
        return own, evaluate.duel(scenario, own=CARD, versus="list/").break_even

    dear, _ = at(15.0)
    assert dear.plan.requests_per_month * 1000 / S_PER_MONTH == approx(253.7, abs=0.05)
    assert dear.costing.n_replicas(dear.plan) == 1
    assert dear.costing.utilisation(dear.plan) == approx(0.23, abs=5e-3)
    cheap, even = at(0.10)
    assert cheap.costing.n_replicas(cheap.plan) == 35
    assert cheap.costing.upfront_usd(cheap.plan) == approx(56_000)
    assert line(cheap, "energy") == approx(1341, abs=0.5)
    assert even.payback_months == approx(6.5, abs=0.05)


@pytest.mark.parametrize(("trend", "months"), [(-0.5, 16), (0.0, 10)])
def test_28_payback_with_a_falling_price(tmp_path: Path, trend: float, months: int) -> None:
    offers = {
        "api": [priced("list/gpt-4o", output=1.0)],
        "self_hosted": [card(decode_tok_per_s=4000, busy_w=450, usd=9000)],
    }
    site = SITE | {"electricity": 0, "staff_fte": 0.01, "usd_per_fte_month": 10_000}
    scenario = scenario_of(
        tmp_path, requests=1e6, tokens=OUTPUT_ONLY, candidates=offers, site=site, trends={"api": trend}
    )
    found = evaluate.duel(scenario, own=CARD, versus="list/").break_even
    assert found.payback_months is not None
    assert math.ceil(found.payback_months - 1e-9) == months
