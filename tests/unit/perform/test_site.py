from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tco.perform import site
from tests.unit.perform import measured as m

approx: Any = pytest.approx
POINT = m.a_measurement(id="p")


def moved(row: Any, *points: Any, miss: float = 1.0) -> float:
    return float(site.moves(rows=[row], points=points, miss=np.full(len(points), miss))[0])


def test_one_point_moves_its_own_pairing_most() -> None:
    own = 1.0 - 0.75**3 / 9.0  # three levels of weight 1/4, two of 2/3
    assert moved(m.a_measurement(), POINT) == approx(own)
    assert moved(m.a_measurement(model="70B"), POINT) == approx(1.0 - 0.75**3)
    assert moved(m.a_measurement(gpu="4090"), POINT) == approx(1.0 - 0.75**2)
    assert moved(m.a_measurement(engine="sglang"), POINT) == approx(0.25)


def test_slower_is_slower_in_every_metric() -> None:
    throughput = m.a_measurement(metric="output_tok_s_total")
    assert moved(throughput, POINT) == approx(-(1.0 - 0.75**3 / 3.0))
    assert moved(m.a_measurement(), throughput, miss=-1.0) > 0.5
    assert moved(m.a_measurement(metric="ttft_ms"), POINT) == 0.0


def test_points_of_another_source_move_nothing() -> None:
    assert moved(m.a_measurement(family="theirs"), POINT) == 0.0
    assert moved(m.a_measurement(family="theirs"), m.a_measurement(family="")) > 0.5
    assert moved(m.a_measurement()) == 0.0
    assert site.is_measured(row=m.a_measurement(concurrency=1.0), points=[POINT])
    assert not site.is_measured(row=m.a_measurement(gpu="4090"), points=[POINT])
    assert not site.is_measured(row=m.a_measurement(family="theirs"), points=[POINT])


def test_the_median_point_of_each_pairing_is_measured() -> None:
    rows = [m.a_measurement(id=str(i), concurrency=float(i + 1)) for i in range(3)]
    error = np.array([0.4, 0.5, 0.7])
    points = site.chosen_points(rows=rows, error=error)
    assert points == [1]
    left = site.after_points(rows=rows, error=error, points=points)
    assert np.isnan(left[1])
    own = 0.5 * (1.0 - 0.75**3 / 9.0)
    assert (left[0], left[2]) == (approx(0.4 - own), approx(0.7 - own))
    assert site.chosen_points(rows=rows, error=np.array([np.nan, 0.5, 0.7])) == [2]
