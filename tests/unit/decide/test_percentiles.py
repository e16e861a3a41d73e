from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tco.decide.percentiles import observed, percentiles

PERCENTS = (10, 50, 90)
tables = arrays(
    np.float64, st.tuples(st.integers(1, 3), st.integers(1, 40)), elements=st.floats(-1e9, 1e9, allow_nan=False)
)


@given(tables)
def test_they_are_those_of_numpy_to_the_bit(table: np.ndarray) -> None:
    assert np.array_equal(np.stack(percentiles(table, PERCENTS)), np.percentile(table, PERCENTS, axis=1))


@given(tables)
def test_an_observed_one_is_one_of_the_values(table: np.ndarray) -> None:
    for percent in PERCENTS:
        assert observed(table[0], percent) == np.percentile(table[0], percent, method="inverted_cdf")


def test_by_hand() -> None:
    ten = np.arange(1.0, 11.0)
    assert [float(each) for each in percentiles(ten, PERCENTS)] == [1.9, 5.5, 9.1]
    assert [observed(ten, percent) for percent in (1, 10, 11, 90)] == [1.0, 1.0, 2.0, 9.0]
    assert observed(np.array([1.0, np.inf]), 90) == np.inf
