"""After how many months an upfront expense has come back: `inf` when it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tco.cost.finance import plain
from tco.units import MONTHS_PER_YEAR, Num

if TYPE_CHECKING:
    from numpy.typing import NDArray

SUM_TOLERANCE_FRAC = 1e-12  # ten savings of 0.10 must repay 1.00


class Payback(NamedTuple):
    """The same instant twice: in whole months, as a bill shows it, and interpolated within its month."""

    whole_months: Num
    months: Num


class PaybackRange(NamedTuple):
    """The earliest and the latest payback that the ranges of the inputs allow."""

    low_months: Num
    high_months: Num


def payback_months(*, upfront_usd: Num, saving_usd_by_month: NDArray[Any], wacc_frac: Num | None = None) -> Payback:
    """First month m in which the cumulative saving reaches the upfront: min m with sum of s_k (1 + w)^(-k/12) >= U.

    Months are the last axis of the savings, k = 1 for the first, each saving at its month's end; no rate, no
    discounting. The fractional month is linear within month m. 0 when nothing is upfront; inf when the horizon
    ends first. A saving may be negative, before or after m: what happens later does not undo the payback month.
    Upfront and rate broadcast against the leading axes. Economics section 4, face 2.
    """
    saving = np.asarray(saving_usd_by_month, dtype=float)
    if wacc_frac is not None:
        growth = 1.0 + np.asarray(wacc_frac, dtype=float)[..., None]
        saving = saving * growth ** (-np.arange(1, saving.shape[-1] + 1) / MONTHS_PER_YEAR)
    upfront = np.asarray(upfront_usd, dtype=float)[..., None]
    total = np.cumsum(np.concatenate([np.zeros((*saving.shape[:-1], 1)), saving], axis=-1), axis=-1)
    missing = upfront - SUM_TOLERANCE_FRAC * np.abs(upfront) - total
    is_reached = missing <= 0.0
    month = np.argmax(is_reached, axis=-1)
    before = np.take_along_axis(missing, np.maximum(month - 1, 0)[..., None], axis=-1)[..., 0]
    after = np.take_along_axis(missing, month[..., None], axis=-1)[..., 0]
    fallen = np.where(month > 0, before - after, 1.0)
    fractional = np.where(month > 0, month - 1 + before / fallen, 0.0)
    is_never = ~np.any(is_reached, axis=-1)
    return Payback(plain(np.where(is_never, np.inf, month)), plain(np.where(is_never, np.inf, fractional)))


def simple_payback_months(*, upfront_usd: Num, saving_usd_per_month: Num) -> Num:
    """Payback at a flat saving: U / s. 0 when nothing is upfront; inf when nothing is saved (s <= 0)."""
    upfront, saving = np.broadcast_arrays(
        np.asarray(upfront_usd, dtype=float), np.asarray(saving_usd_per_month, dtype=float)
    )
    is_saving = saving > 0.0
    months = np.where(is_saving, upfront / np.where(is_saving, saving, 1.0), np.inf)
    return plain(np.where(upfront <= 0.0, 0.0, months))


def payback_range(
    *,
    capex_low_usd: Num,
    capex_high_usd: Num,
    api_low_usd_per_month: Num,
    api_high_usd_per_month: Num,
    opex_usd_per_month: Num,
) -> PaybackRange:
    """Payback over independent ranges: low capex against the high bill .. high capex against the low bill.

    Never low with low and high with high, which hides most of the spread. `high_months` is inf when the low bill
    does not cover the running cost. Economics section 5.
    """
    low = simple_payback_months(
        upfront_usd=capex_low_usd, saving_usd_per_month=api_high_usd_per_month - opex_usd_per_month
    )
    high = simple_payback_months(
        upfront_usd=capex_high_usd, saving_usd_per_month=api_low_usd_per_month - opex_usd_per_month
    )
    return PaybackRange(low, high)
