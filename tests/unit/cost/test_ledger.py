from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tco.cost.ledger import CostLine, running_usd_per_month, total_usd_per_month, weakest_kind
from tco.describe.plan import Input

approx: Any = pytest.approx


def line(quantity: Any, usd: Any = 1.0, **changes: Any) -> CostLine:
    return CostLine(name="x", quantity=quantity, unit="u", usd_per_unit=usd, formula="q x p", **changes)


def test_a_line_is_quantity_times_price() -> None:
    assert line(3.0, 2.5).usd_per_month == 7.5


def test_a_total_is_exactly_rounded() -> None:
    # Ten cents ten times is one dollar, which a running sum misses by 1e-16.
    assert total_usd_per_month([line(0.1) for _ in range(10)]) == 1.0
    parts = [1e16, 1.0, -1e16]
    assert total_usd_per_month(map(line, parts)) == math.fsum(parts) == 1.0


def test_the_total_of_nothing_is_zero() -> None:
    assert total_usd_per_month([]) == 0.0


def test_arrays_broadcast() -> None:
    total = total_usd_per_month([line(np.array([1.0, 2.0])), line(10.0, 3.0)])
    assert np.asarray(total).tolist() == [31.0, 32.0]


def test_running_leaves_out_what_is_spread() -> None:
    lines = [line(1.0), line(10.0, role="capital"), line(100.0, role="one_time")]
    assert running_usd_per_month(lines) == 1.0


def test_a_chain_is_as_strong_as_its_weakest_part() -> None:
    def part(kind: str) -> Input:
        return Input("n", 1.0, "", "", None, kind)

    assert weakest_kind([part("measured"), part("assumed")], "published") == "assumed"
    assert weakest_kind([part("rumoured")], "measured") == "rumoured"
    assert weakest_kind([], "measured") == "measured"
