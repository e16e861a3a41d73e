"""How many seats or capacity units a workload needs, and how many hours a rental bills."""

from __future__ import annotations

import numpy as np

from tco.units import DAYS_PER_MONTH, H_PER_MONTH, S_PER_MONTH, Num

TOLERANCE_FRAC = 1e-9  # an exact multiple must not add a seat or a unit to a rounding error


def n_seats(*, messages_per_month: Num, messages_per_day: Num) -> Num:
    """Seats whose daily caps cover the messages: ceil(messages / (cap x days of a month))."""
    return np.ceil(messages_per_month / (messages_per_day * DAYS_PER_MONTH) * (1.0 - TOLERANCE_FRAC))


def n_units(*, peak_tok_per_s: Num, unit_tok_per_s: Num, min_units: int, unit_step: int) -> Num:
    """Provisioned units for the peak: the next step at or above it, at least the minimum."""
    needed = peak_tok_per_s / unit_tok_per_s * (1.0 - TOLERANCE_FRAC)
    steps = np.ceil(np.maximum(needed - min_units, 0.0) / unit_step)
    return min_units + steps * unit_step


def n_requests_billed(*, requests_per_month: Num, free_per_month: Num) -> Num:
    """Requests left to bill when a free quota is used up first."""
    return np.maximum(requests_per_month - free_per_month, 0.0)


def rented_gpu_h(*, n_gpus: Num, busy_frac: Num, scale_to_zero: bool) -> Num:
    """GPU-hours billed in a month.

    An always-on rental bills every hour whether busy or not; only a serverless plan bills busy time.
    """
    return n_gpus * H_PER_MONTH * (busy_frac if scale_to_zero else 1.0)


def peak_per_s(*, per_month: Num, peak_to_mean_ratio: Num, batch_frac: Num) -> Num:
    """Peak rate: interactive work peaks, batch work is spread evenly."""
    return per_month / S_PER_MONTH * ((1.0 - batch_frac) * peak_to_mean_ratio + batch_frac)
