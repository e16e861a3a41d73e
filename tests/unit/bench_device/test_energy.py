"""Energy of a window: counter against samples, and every way it can fail to be a number."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tco.bench.device.energy import EnergyMeter, window_energy
from tco.bench.device.reading import missing
from tco.describe.profile import NotMeasured

STEADY = [(i * 0.1, 300.0) for i in range(41)]


def of(before: Any = 1000.0, after: Any = 2200.0, seconds=4.0, samples=STEADY, **other: Any) -> Any:
    return window_energy(before_j=before, after_j=after, seconds=seconds, samples=samples, **other)


def test_counter_difference_by_hand():  # 2200 - 1000 = 1200 J over 4 s = 300 W
    energy = of()
    assert (energy.joules, energy.mean_w, energy.method, energy.flags) == (1200.0, 300.0, "energy counter", ())


def test_samples_stand_in_for_a_missing_counter():  # 300 W for 4 s
    energy = of(before=missing("not supported"), after=missing("not supported"))
    assert energy.joules == pytest.approx(1200.0)
    assert energy.method == "power samples"
    assert "not supported" in energy.flags[0]


def test_a_ramp_is_integrated_by_trapezoids():  # 0 to 400 W: mean 200 W
    energy = of(before=missing("none"), samples=[(i * 0.1, 10.0 * i) for i in range(41)])
    assert energy.joules == pytest.approx(800.0)


def test_counter_and_samples_apart_are_flagged_with_both_numbers():
    energy = of(after=2300.0)
    assert energy.joules == 1300.0
    assert "1,300.0 J" in energy.flags[0]
    assert "1,200.0 J" in energy.flags[0]


def test_within_five_percent_is_not_flagged():
    assert of(after=1000.0 + 1200.0 * 1.04).flags == ()


def test_counter_without_samples_says_that_it_is_unchecked():
    energy = of(samples=STEADY[:3])
    assert energy.joules == 1200.0
    assert "not cross-checked (3 samples)" in energy.flags


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"seconds": 1.9}, "expected at least 2 s"),
        ({"after": 1000.0, "samples": []}, "did not move"),
        ({"after": missing("MIG is on"), "samples": []}, "MIG is on"),
        ({"before": missing("x"), "samples": [(t, 0.0) for t, _ in STEADY]}, "power samples of zero"),
    ],
)
def test_no_number_is_made_up(changed, reason):
    energy = of(**changed)
    assert isinstance(energy.joules, NotMeasured)
    assert isinstance(energy.mean_w, NotMeasured)
    assert reason in energy.joules.not_measured


def test_the_counter_is_read_between_its_steps():
    """Steps of 30 J each 0.1 s from 0.1 s to 1.9 s: 540 J over 1.8 s is 300 W, 600 J in 2 s; after - before has 570."""
    steps = [(0.1 * i, 1000.0 + 30.0 * i) for i in range(1, 20)]
    energy = of(before=1000.0, after=1570.0, seconds=2.0, steps=steps)
    assert energy.joules == pytest.approx(600.0)
    assert energy.flags == ()
    assert of(before=1000.0, after=1570.0, seconds=2.0, steps=steps[:5]).joules == 570.0  # too few of the window


def test_the_meter_reads_the_counter_before_and_after_and_samples_between():
    began = time.perf_counter()
    with EnergyMeter(
        counter_j=lambda: 20.0 * ((time.perf_counter() - began) // 0.1), power_w=lambda: 200.0, min_window_s=0.6
    ) as meter:
        time.sleep(0.8)
    assert meter.energy.mean_w == pytest.approx(200.0, rel=0.05)


def test_a_meter_without_power_counts():
    began = time.perf_counter()
    with EnergyMeter(
        counter_j=lambda: 200.0 * (time.perf_counter() - began), power_w=lambda: missing("none"), min_window_s=0.2
    ) as meter:
        time.sleep(0.3)
    assert meter.energy.mean_w == pytest.approx(200.0, rel=0.05)
    assert "not cross-checked" in meter.energy.flags[0]


def test_a_meter_without_power_and_counter_does_not_spin():
    with EnergyMeter(counter_j=lambda: missing("none"), power_w=lambda: missing("none"), min_window_s=0.0) as meter:
        pass
    assert isinstance(meter.energy.joules, NotMeasured)
