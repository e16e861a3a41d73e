"""The chart: its numbers first, then its file."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tco.errors import UsageError
from tco.evaluate import Comparison
from tco.report import captions, chart, place, series

MAGIC = {".png": b"\x89PNG\r\n\x1a\n", ".svg": b"<?xml", ".pdf": b"%PDF-"}


def _range(compared: Comparison) -> tuple[float, float]:
    return series.volume_range(compared, series.shown(compared))


def test_range_spans_a_hundredth_to_a_hundred_times_and_every_first_crossing(compared: Comparison) -> None:
    lo, hi = _range(compared)
    assert lo <= 9_000
    assert hi >= 90e6
    firsts = [each.requests_per_month for each in compared.break_evens if each.requests_per_month]
    assert firsts
    assert all(lo < first < hi for first in firsts)


def test_shown_are_the_cheapest_of_each_tier_and_the_duellists(compared: Comparison) -> None:
    ids = {result.option.id for result in series.shown(compared)}
    assert set(compared.verdict.cheapest_by_tier.values()) <= ids
    assert {name for each in compared.break_evens for name in (each.own, each.versus)} <= ids
    assert len(ids) <= series.MAX_CURVES


def test_staircase_jumps_exactly_at_the_steps(compared: Comparison) -> None:
    lo, hi = _range(compared)
    own = next(result for result in series.shown(compared) if result.option.kind == "owned")
    assert own.costing is not None
    found = series.curve(own, compared.scenario, lo=lo, hi=hi)
    steps = [step for step in own.costing.steps(own.plan, hi) if lo < step < hi][:20]
    assert len(steps) == 20
    for step in steps:
        before, after = (
            float(np.interp(step * (1 + side * series.EDGE_FRAC), found.volume, found.usd)) for side in (-1, 1)
        )
        n_before, n_after = (float(own.costing.n_replicas(own.plan.at_volume(step * f))) for f in (1 - 1e-6, 1 + 1e-6))
        assert n_after == n_before + 1
        assert after > before * 1.001
    assert np.all(np.diff(found.volume) > 0)


def test_curve_is_the_ledger_at_the_workloads_volume(compared: Comparison) -> None:
    for result in series.shown(compared):
        volume = float(result.plan.requests_per_month)
        found = series.curve(result, compared.scenario, lo=volume, hi=volume * 10)
        assert found.usd[0] == pytest.approx(result.usd_per_month, rel=1e-9)


def test_bills_are_positive_and_bands_in_order(compared: Comparison) -> None:
    lo, hi = _range(compared)
    for each in series.curves(compared, series.shown(compared), lo=lo, hi=hi):
        assert np.all(each.usd > 0)
        assert np.all(each.p10_usd > 0)
        assert np.all(each.p10_usd <= each.p90_usd)


def test_no_draws_no_bands(compared: Comparison) -> None:
    lo, hi = _range(compared)
    found = series.curves(replace(compared, n_draws=0), series.shown(compared), lo=lo, hi=hi)
    assert all(len(each.band_volume) == 0 for each in found)


def test_dots_are_the_crossings_of_the_break_evens(compared: Comparison) -> None:
    lo, hi = _range(compared)
    dots = series.dots(compared, series.shown(compared), lo=lo, hi=hi)
    expected = [
        crossing.volume for each in compared.break_evens for crossing in each.crossings if lo <= crossing.volume <= hi
    ]
    assert [dot.volume for dot in dots] == sorted(expected)
    firsts = {each.requests_per_month for each in compared.break_evens if each.requests_per_month is not None}
    assert {dot.volume for dot in dots if dot.first} == firsts
    assert all(dot.usd > 0 for dot in dots)


def test_cheapest_spans_cover_the_range_and_name_the_winner(compared: Comparison) -> None:
    lo, hi = _range(compared)
    held = series.shown(compared)
    curves = series.curves(replace(compared, n_draws=0), held, lo=lo, hi=hi)
    spans = series.cheapest_spans(curves, lo=lo, hi=hi)
    assert spans[0][0] == pytest.approx(lo)
    assert spans[-1][1] == pytest.approx(hi)
    assert all(left[1] == right[0] for left, right in pairwise(spans))
    base = float(compared.scenario.plan().requests_per_month)
    winner = next(i for start, end, i in spans if start <= base <= end)
    assert held[winner].option.id == compared.verdict.cheapest


@pytest.mark.parametrize("suffix", chart.SUFFIXES)
def test_file_type_follows_the_suffix_and_two_draws_are_equal(
    compared: Comparison, tmp_path: Path, suffix: str
) -> None:
    first, second = tmp_path / f"a{suffix}", tmp_path / f"b{suffix.upper()}"
    chart.draw(compared, first)
    chart.draw(compared, second)
    written = first.read_bytes()
    assert written.startswith(MAGIC[suffix])
    assert written == second.read_bytes()


def test_png_is_a_slide(compared: Comparison) -> None:
    written = chart.render(compared, ".png")
    assert (int.from_bytes(written[16:20]), int.from_bytes(written[20:24])) == (1600, 900)


def test_nothing_feasible_still_says_so(refused: Comparison) -> None:
    assert series.shown(refused) == []
    assert chart.render(refused, ".svg").startswith(b"<?xml")
    assert "No option can serve" in captions.answer(refused)[0]


def test_other_suffix_and_missing_folder_are_usage_errors(compared: Comparison, tmp_path: Path) -> None:
    for path in (
        tmp_path / "cost.jpg",
        tmp_path / "cost",
        tmp_path / "missing" / "cost.png",
        tmp_path / "missing" / "c.pdf",
    ):
        with pytest.raises(UsageError, match=r"\.png, \.svg or \.pdf") as raised:
            chart.draw(compared, path)
        assert raised.value.exit_code == 2


def test_a_name_in_any_script_with_markup_is_drawn_as_it_is(compared: Comparison) -> None:
    workload = compared.scenario.workload.model_copy(update={"name": "客服 $x_1$ ^ chat"})
    named = replace(compared, scenario=replace(compared.scenario, workload=workload))
    assert chart.render(named, ".png").startswith(MAGIC[".png"])


def test_words_of_the_chart_are_never_cut(compared: Comparison) -> None:
    words = [captions.question(compared), *captions.answer(compared), *captions.footer(compared)]
    assert not any("…" in line for line in words)
    assert str(compared.scenario.as_of) in " ".join(words)
    assert all(sheet in " ".join(words) for sheet in compared.scenario.sheets)


def test_near_crossings_share_a_label() -> None:
    dots = [series.Dot(volume, 100.0, "own", "api", True) for volume in (1e6, 1.05e6, 2e6)]
    assert [len(group) for group in captions.groups(dots)] == [2, 1]
    assert captions.crossing(dots[:2]) == "1M – 1.05M"
    assert captions.crossing(dots[2:]) == "2M"


@given(st.lists(st.floats(0, 500), min_size=1, max_size=6))
def test_spread_keeps_its_distance_and_order(wanted: list[float]) -> None:
    found = place.spread(wanted, gap=60.0, lo=0.0, hi=500.0)
    ordered = sorted(found)
    assert all(b - a > 59.0 for a, b in pairwise(ordered))
    assert all(-1.0 <= each <= 501.0 for each in found)
    assert [found[i] for i in sorted(range(len(wanted)), key=lambda i: wanted[i])] == ordered


def test_place_avoids_what_is_taken() -> None:
    window = place.Box(0, 0, 1000, 1000)
    first = place.place(500, 500, 80, 30, taken=[], window=window, lines=[])
    second = place.place(500, 500, 80, 30, taken=[first], window=window, lines=[])
    assert first.overlap(second) == 0
    assert place.place(5, 995, 80, 30, taken=[], window=window, lines=[]).outside(window) == 0
