"""The ledger: every dollar is a line with a quantity, a unit price, a formula and its inputs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np

from tco.describe.plan import Input
from tco.units import Num

Role = Literal["running", "capital", "one_time"]
Trend = Literal["none", "api", "rental"]  # which of the workload's price trends a line follows


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    """One cost of a month: ``quantity`` units at ``usd_per_unit``.

    ``role`` says whether the money is spent as the month runs, or spreads capital or a one-time
    effort over months (payback counts those in full instead). ``trend`` names the price trend that moves
    it; ``is_price`` marks what the option's own vendor bills at its listed price.
    """

    name: str
    quantity: Num
    unit: str
    usd_per_unit: Num
    formula: str
    inputs: tuple[Input, ...] = ()
    source: str = ""
    as_of: date | None = None
    kind: str = "assumed"
    role: Role = "running"
    trend: Trend = "none"
    is_price: bool = False

    @property
    def usd_per_month(self) -> Num:
        """Quantity times unit price."""
        return self.quantity * self.usd_per_unit


def total_usd_per_month(lines: Iterable[CostLine]) -> Num:
    """The sum of the lines, exactly rounded (``math.fsum``) for plain numbers."""
    parts = [line.usd_per_month for line in lines]
    if all(np.ndim(part) == 0 for part in parts):
        return math.fsum(parts)
    total: Num = np.sum(np.stack(np.broadcast_arrays(*parts)), axis=0)
    return total


def running_usd_per_month(lines: Iterable[CostLine]) -> Num:
    """What is paid as the month runs: everything but spread capital and one-time effort."""
    return total_usd_per_month(line for line in lines if line.role == "running")


def weakest_kind(inputs: Sequence[Input], own: str) -> str:
    """The least certain kind among a line's own and its inputs: a chain is as strong as that."""
    order = ("rumoured", "assumed", "published", "vendor", "measured")
    return min((own, *(part.kind for part in inputs)), key=order.index)
