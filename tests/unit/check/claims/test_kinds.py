"""One statement of each kind, of 2026-03-27; verdicts decided by hand."""

from __future__ import annotations

import pytest

from tests.unit.check.claims.conftest import Judged

HAND = [
    ("{quantity: purchase, value: 1600 USD, about: {hardware: rtx-4090}}", "consistent"),
    ("{quantity: throughput, value: 40 tok/s, about: {params: 8B, hardware: rtx-4090}}", "needs_assumption"),
    ("{quantity: throughput, value: 40 tok/s, about: {model: llama-3.1-8b, hardware: rtx-4090}}", "needs_assumption"),
    ("{quantity: count, value: 1000 samples, about: {model: s1-32b, what: training examples}}", "consistent"),
    ("{quantity: params, value: 50B params, about: {model: huginn-0125-3.5b, basis: compute}}", "consistent"),
    ("{quantity: memory, value: 7 GB, about: {model: huginn-0125-3.5b, bits: 16}}", "consistent"),
    ("{quantity: cost, value: 0.05 USD/Mtok, about: {hardware: consumer gpu}}", "needs_assumption"),
    ("{quantity: price, value: 2.19 USD/Mtok, about: {model: deepseek-r1}}", "needs_assumption"),
    ("{quantity: ratio, value: '>= 100 %', about: {of: performance, model: t5-770m, over: palm-540b}}", "consistent"),
    ("{quantity: compute, value: 50 PFLOPS, about: {hardware: vera-rubin, dtype: nvfp4}}", "consistent"),
    ("{quantity: price, value: 5 USD/Mtok, about: {model: claude-opus, meter: input}}", "consistent"),
    ("{quantity: price, value: 5 USD/Mtok, about: {model: opus}}", "needs_assumption"),
    ("{quantity: saving, value: 10 x, about: {technique: quantisation}}", "needs_assumption"),
    ("{quantity: score, value: 86 %, about: {model: deepseek-r1-0528-qwen3-8b, benchmark: aime-2024}}", "consistent"),
    ("{quantity: score, value: 50 %, about: {model: deepseek-r1-0528-qwen3-8b, benchmark: aime-2024}}", "contradicts"),
    ("{quantity: score, value: 86 %, about: {model: some-model, benchmark: aime-2024}}", "unverifiable"),
    ("{quantity: price, value: 0.10-0.30 USD/Mtok, about: {model: deepseek-v4}}", "needs_assumption"),
    ("{quantity: params, value: 671B params, about: {model: deepseek-r1, basis: total}}", "consistent"),
    ("{quantity: memory, value: 24 GB, about: {hardware: h100-sxm}}", "contradicts"),
    ("{quantity: ratio, value: 10 %, about: {of: price, org: anthropic, what: cache read over input}}", "consistent"),
    ("{quantity: share, value: 17.1 %, about: {part: chinese models, whole: model downloads}}", "consistent"),
    ("{quantity: share, value: 40 %, about: {part: Chinese models, whole: model downloads}}", "contradicts"),
    ("{quantity: rental, value: 2350 USD/h, about: {hardware: h100-sxm}}", "unit_error"),
    ("{quantity: price, value: 1.75 USD/Mtok, about: {model: gpt-5.2, meter: input}}", "consistent"),
    ("{quantity: price, value: 14 USD/Mtok, about: {model: gpt-5.2, meter: input}}", "contradicts"),
    ("{quantity: price, value: 0.0025 USD/Mtok, about: {model: gpt-4o, meter: input}}", "unit_error"),
    ("{quantity: price, value: 2.5 USD/tok, about: {model: gpt-4o, meter: input}}", "unit_error"),
    ("{quantity: saving, value: 60 %, about: {model: qwen3.5-397b-a17b, over: qwen3-max}}", "needs_assumption"),
    ("{quantity: payback, value: 3 months, about: {what: x}}", "needs_assumption"),
    ("{quantity: price, value: 3 USD/Mtok, about: {model: some-new-model, meter: input}}", "unverifiable"),
    ("{quantity: price, value: 3 USD/Mtok, about: {model: some-new-model}}", "needs_assumption"),
]


@pytest.mark.parametrize(("states", "verdict"), HAND)
def test_a_statement_gets_the_verdict_decided_by_hand(states: str, verdict: str, judged: Judged) -> None:
    assert judged(states).verdict == verdict


def test_opus_at_15000_is_the_unit_and_an_older_version(judged: Judged) -> None:
    # 15,000 = 1,000 x 15, and 15 was Opus 4.1 input (capability 2)
    found = judged("{quantity: price, value: '15,000 USD/1M', about: {model: claude-opus-4.6}}")
    assert found.verdict == "unit_error"
    assert any("= 10^3 x 15, and that is claude-opus-4.1 input" in line for line in found.outcome.lines)
    assert any("(unit + stale)" in line for line in found.outcome.lines)


def test_a_bound_that_is_missed_is_said_as_a_bound(judged: Judged) -> None:
    # 5 / 1 and 25 / 5: exactly five times, which is not more than five times
    found = judged("{quantity: saving, value: '> 80 %', about: {model: claude-haiku-4.5, over: claude-opus-4.6}}")
    assert found.verdict == "contradicts"
    assert any(line == "no reading of meter gives more than 5 x" for line in found.outcome.lines)


def test_a_family_is_all_it_began_with_and_the_nearest_member_says_how_far_off(judged: Judged) -> None:
    # V4 came out as Flash, 284B, and Pro, 1,600B: of a thousand 3.52 and 1.6 times
    found = judged("{quantity: params, value: 1000B params, about: {model: deepseek-v4, basis: total}}")
    assert found.verdict == "stale"
    assert found.outcome.off == pytest.approx(1.6)
    found = judged("{quantity: params, value: 900B params, about: {model: deepseek-v4, basis: total}}")
    assert found.verdict == "contradicts"
    assert found.outcome.off == pytest.approx(1600 / 900)


def test_a_swapped_side_says_so(judged: Judged) -> None:
    found = judged("{quantity: price, value: 2.19 USD/Mtok, about: {model: deepseek-r1, meter: input}}")
    assert found.verdict == "contradicts"
    assert any("side error" in line for line in found.outcome.lines)


def test_a_mix_is_solved_for(judged: Judged) -> None:
    # 7 = s x 2.5 + (1 - s) x 10 at s = 40%
    found = judged("{quantity: price, value: 7 USD/Mtok, about: {model: gpt-4o}}")
    assert found.verdict == "needs_assumption"
    assert any("40% input" in line for line in found.outcome.lines)


@pytest.mark.parametrize(
    ("value", "verdict"),
    [("2.5-10 USD/Mtok", "needs_assumption"), ("5-15 USD/Mtok", "needs_assumption"),
     ("2500-10000 USD/Mtok", "unit_error"),
     ("100-200 USD/Mtok", "contradicts")],
)  # fmt: skip
def test_a_band_of_prices(value: str, verdict: str, judged: Judged) -> None:
    assert judged(f"{{quantity: price, value: {value}, about: {{model: gpt-4o}}}}").verdict == verdict


def test_a_band_of_one_side_holds_the_price_or_not(judged: Judged) -> None:
    about = "about: {model: gpt-4o, meter: input}"
    assert judged(f"{{quantity: price, value: 2-3 USD/Mtok, {about}}}").verdict == "consistent"
    assert judged(f"{{quantity: price, value: 4-6 USD/Mtok, {about}}}").verdict == "stale"


def test_an_input_that_is_looked_up(judged: Judged) -> None:
    price = "{quantity: price, about: {model: gpt-4o, meter: input}}"
    ratio = "{{quantity: saving, value: {}, formula: dear / cheap, from: {{dear: {}, cheap: 0.15 USD/Mtok}}}}"
    assert judged(ratio.format("16.7 x", price)).verdict == "consistent"
    assert judged(ratio.format("33 x", price)).verdict == "arithmetic_error"


def test_readings_that_all_agree_need_no_choice(judged: Judged) -> None:
    same = "{quantity: ratio, value: 2 x, formula: a / b, from: {a: 4 x, b: {one_of: {first: 2 x, second: 2.02 x}}}}"
    assert judged(same).verdict == "consistent"


def test_what_is_compared_may_agree(judged: Judged) -> None:
    bare = "{quantity: ratio, value: 2 x, compare: {formula: a / b, from: {a: 4 x, b: 2 x}}}"
    assert judged(bare).verdict == "consistent"


def test_a_tie_is_neither_cheaper_nor_dearer(judged: Judged) -> None:
    tie = "{quantity: cost_ratio, value: < 1 x, formula: a / b, from: {a: 70B params, b: 70B params}}"
    assert judged(tie).verdict == "arithmetic_error"


def test_a_word_against_the_arithmetic(judged: Judged) -> None:
    trend = "{{quantity: trend, value: {}, formula: 'trend(a, b)', from: {{a: 1 x, b: 2 x}}}}"
    assert judged(trend.format("rises")).verdict == "consistent"
    assert judged(trend.format("falls")).verdict == "arithmetic_error"


@pytest.mark.parametrize(
    ("usd", "verdict"), [("0.88", "needs_assumption"), ("9", "contradicts"), ("590", "unit_error")]
)
def test_a_price_of_a_model_that_several_sell(usd: str, verdict: str, judged: Judged) -> None:
    about = "about: {model: llama-3.3-70b, meter: input}"
    assert judged(f"{{quantity: price, value: {usd} USD/Mtok, {about}}}").verdict == verdict
    named = about.replace("meter", "provider: groq, meter")
    assert judged(f"{{quantity: price, value: 0.59 USD/Mtok, {named}}}").verdict == "consistent"
