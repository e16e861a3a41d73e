from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tco.decide.breakeven import (
    CHEAPER,
    DEARER,
    Bracket,
    Crossing,
    cheaper_intervals,
    crossings,
    find_crossings,
    linear_breakeven_volume,
    solve_for,
)

approx: Any = pytest.approx

Array = NDArray[np.float64]
NO_STEPS = np.array([])
STEPS = np.arange(1.0, 10.0) * 100.0  # a machine serves 100 units


def machines(volume: Array) -> Array:
    """A machine per 100 units, 60 USD each, 0.10 USD a unit: just after a step, one more machine."""
    return np.maximum(np.ceil(volume / 100.0), 1.0) * 60.0 + 0.1 * volume


class TestLinearBreakeven:
    def test_by_hand(self) -> None:  # 320 USD a month against 3 USD per million
        volume = linear_breakeven_volume(fixed_usd_per_month=320.0, price_usd_per_unit=3e-6, marginal_usd_per_unit=0.0)
        assert volume == approx(106_666_666.67)

    def test_never_when_the_marginal_cost_is_the_price_or_more(self) -> None:
        volume = linear_breakeven_volume(
            fixed_usd_per_month=44.44, price_usd_per_unit=np.array([0.28, 0.469, 4.0]), marginal_usd_per_unit=0.469
        )
        assert volume == approx([math.inf, math.inf, 44.44 / 3.531])


class TestCrossingsOfAGrid:
    def test_by_hand(self) -> None:
        volume = np.array([0.0, 1.0, 2.0, 3.0])
        found = crossings(volume=volume, own_usd=np.array([5.0, 5.0, 5.0, 20.0]), versus_usd=3.0 * volume)
        assert found == [Bracket(1.0, 2.0, CHEAPER), Bracket(2.0, 3.0, DEARER)]

    def test_a_touch_is_no_crossing(self) -> None:
        own = np.array([2.0, 1.0, 2.0])
        assert crossings(volume=np.arange(3.0), own_usd=own, versus_usd=np.ones(3)) == []

    def test_a_tie_at_the_start_is_no_crossing(self) -> None:
        own = np.array([0.0, 1.0, 2.0])
        assert crossings(volume=np.arange(3.0), own_usd=own, versus_usd=2.0 * own) == []

    def test_a_lasting_tie_ends_where_the_sides_part(self) -> None:
        own = np.array([2.0, 1.0, 1.0, 0.5])
        found = crossings(volume=np.arange(4.0), own_usd=own, versus_usd=np.ones(4))
        assert found == [Bracket(2.0, 3.0, CHEAPER)]


class TestFindCrossings:
    def test_two_lines(self) -> None:  # 44.44 + 0.469 v = 4 v
        found = find_crossings(
            own=lambda v: 44.44 + 0.469 * v, versus=lambda v: 4.0 * v, lo=0.0, hi=1e9, steps=NO_STEPS
        )
        assert found == [Crossing(approx(44.44 / 3.531, rel=1e-9), CHEAPER, False)]

    def test_every_crossing_of_a_staircase(self) -> None:
        # n*60 + 0.1 v = 0.725 v at v = 96 n; the next machine, from 100 n, is dearer again until 96 (n + 1)
        found = find_crossings(own=machines, versus=lambda v: 0.725 * v, lo=0.0, hi=1000.0, steps=STEPS)
        expected = []
        for n in range(1, 11):
            expected.append(Crossing(approx(96.0 * n, rel=1e-9), CHEAPER, False))
            expected.append(Crossing(100.0 * n, DEARER, True))
        assert found == expected[:-1]  # the range ends at 1000

    def test_cheaper_for_good_once_the_step_is_too_low(self) -> None:
        # api 1.0 v: 66.7, then dearer from 100 to 133.3, then cheaper from 133.3: at 200 own jumps to 200 = api
        found = find_crossings(own=machines, versus=lambda v: v, lo=1.0, hi=1000.0, steps=STEPS)
        volumes = [crossing.volume for crossing in found]
        assert volumes == approx([60 / 0.9, 100.0, 120 / 0.9], rel=1e-9)
        assert [crossing.at_step for crossing in found] == [False, True, False]

    def test_own_may_become_cheaper_at_a_step_of_the_other_side(self) -> None:
        found = find_crossings(
            own=lambda v: np.full_like(v, 5.0), versus=lambda v: np.where(v > 3.0, 9.0, 1.0), lo=0.0, hi=9.0,
            steps=np.array([3.0, 3.0, 20.0]),
        )  # fmt: skip
        assert found == [Crossing(3.0, CHEAPER, True)]

    def test_none_when_the_marginal_cost_exceeds_the_price(self) -> None:
        found = find_crossings(own=machines, versus=lambda v: 0.05 * v, lo=0.0, hi=1000.0, steps=STEPS)
        assert found == []

    def test_a_touch_is_no_crossing(self) -> None:
        # own falls to 1 at v = 0.5, a sampled point, and rises again
        found = find_crossings(own=lambda v: 1.0 + np.abs(v - 0.5), versus=np.ones_like, lo=0.0, hi=1.0, steps=NO_STEPS)
        assert found == []

    def test_curves_that_bend_within_a_step(self) -> None:
        found = find_crossings(
            own=lambda v: (v - 2.0) * (v - 5.0) + 10.0, versus=lambda v: np.full_like(v, 10.0), lo=0.0, hi=9.0,
            steps=NO_STEPS,
        )  # fmt: skip
        assert found == [Crossing(approx(2.0), CHEAPER, False), Crossing(approx(5.0), DEARER, False)]

    def test_the_islands_end_where_a_machine_earns_itself_back_at_once(self) -> None:
        # at 2400 units 25 machines cost 1500 + 240 = 0.725 * 2400: a touch, and cheaper from there on
        steps = np.arange(1.0, 100.0) * 100.0
        found = find_crossings(own=machines, versus=lambda v: 0.725 * v, lo=0.0, hi=10_000.0, steps=steps)
        assert len(found) == 24 + 23
        assert found[-1] == Crossing(approx(2304.0, rel=1e-9), CHEAPER, False)

    def test_thousands_of_machines(self) -> None:
        # 60 n / 0.60001: still an island in each step
        steps = np.arange(1.0, 20_000.0) * 100.0
        found = find_crossings(own=machines, versus=lambda v: 0.70001 * v, lo=0.0, hi=2e6, steps=steps)
        assert len(found) == 39_999
        assert found[-1] == Crossing(approx(60 * 20_000 / 0.60001, rel=1e-9), CHEAPER, False)


class TestCheaperIntervals:
    def intervals(self, price: float, lo: float = 0.0, hi: float = 250.0) -> list[tuple[float, float]]:
        def api(volume: Array) -> Array:
            return price * volume

        found = find_crossings(own=machines, versus=api, lo=lo, hi=hi, steps=STEPS)
        return cheaper_intervals(own=machines, versus=api, lo=lo, hi=hi, found=found)

    def test_islands(self) -> None:
        assert self.intervals(0.725) == [(approx(96.0), 100.0), (approx(192.0), 200.0)]

    def test_starting_cheaper(self) -> None:
        assert self.intervals(0.725, lo=98.0, hi=195.0) == [(98.0, 100.0), (approx(192.0), 195.0)]

    def test_always_and_never(self) -> None:
        assert self.intervals(10.0, lo=50.0) == [(50.0, 250.0)]
        assert self.intervals(0.05) == []


class TestSolveFor:
    def test_a_line(self) -> None:
        found = solve_for(f=lambda x: 3.0 * x - 1.0, lo=0.0, hi=10.0)
        assert found.root == approx(1 / 3, rel=1e-12)
        assert not found.at_step

    def test_a_falling_curve_over_decades(self) -> None:
        # utilisation at which 0.4228/u + 0.4688 = 4
        found = solve_for(f=lambda u: 0.4228 / u + 0.4688, lo=1e-4, hi=1.0, target=4.0)
        assert found.root == approx(0.4228 / (4 - 0.4688), rel=1e-12)

    def test_the_first_of_two_roots(self) -> None:
        assert solve_for(f=lambda x: (x - 2.0) * (x - 7.0), lo=0.0, hi=10.0).root == approx(2.0, rel=1e-12)

    def test_a_root_on_a_sampled_point(self) -> None:
        assert solve_for(f=lambda x: x, lo=0.0, hi=1.0).root == 0.0
        assert solve_for(f=lambda x: x - 1.0, lo=0.0, hi=1.0).root == 1.0

    def test_a_jump_over_the_target_is_named(self) -> None:
        found = solve_for(f=lambda x: float(np.ceil(x)) * 10.0, lo=0.5, hi=9.3, target=25.0)
        assert found.root == approx(2.0, rel=1e-12)
        assert found.at_step
        assert found.reason == "jumps over the target"

    def test_never_below_some_input(self) -> None:
        found = solve_for(f=lambda x: math.inf if x < 0.3 else 1.0 - x, lo=0.0, hi=0.9, target=5.0)
        assert found.root == approx(0.3)
        assert found.at_step

    @pytest.mark.parametrize(("target", "side"), [(-1.0, "above"), (101.0, "below")])
    def test_no_root_has_a_reason(self, target: float, side: str) -> None:
        found = solve_for(f=lambda x: x * x, lo=0.0, hi=10.0, target=target)
        assert found.root is None
        assert found.reason.startswith(f"stays {side} {target:g} from 0 to 10; nearest is ")
