"""A scenario: one workload and everything the catalogue says about its candidates on one day."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING

from tco.describe.plan import Plan, Sampler, base_value, plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tco.describe.option import MachineOption, Option, TokenOption
    from tco.describe.quality import Score
    from tco.describe.record import Figure
    from tco.describe.trace import Trace
    from tco.describe.workload import Workload

STALE_AFTER_DAYS: Mapping[str, int] = MappingProxyType({"price": 45, "hardware": 180, "electricity": 400})


@dataclass(frozen=True, slots=True)
class Currency:
    """The currency a report is shown in: USD for one unit of it, and the dated rate that says so."""

    code: str = "USD"
    usd_per_unit: float = 1.0
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Everything ``evaluate`` needs; nothing here is read from a file again.

    ``options`` are named one by one; each group of ``searched`` is one model on every machine of one
    way of paying, of which only the cheapest is reported. ``left_out`` are entries of the catalogue that a
    tier of ``all`` does not compare, each with its reason. ``tiers`` are those that were asked for.
    """

    workload: Workload
    as_of: date
    electricity: Figure
    options: tuple[Option, ...]
    searched: tuple[tuple[MachineOption, ...], ...] = ()
    escalation: Mapping[str, TokenOption] = field(default_factory=dict)
    scores: tuple[Score, ...] = ()
    currency: Currency = Currency()
    allow_rumoured: bool = False
    sheets: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    tiers: tuple[str, ...] = ("api", "budget_cloud", "self_hosted")
    trace: Trace | None = None
    _scores: dict[tuple[str, str], list[Score]] = field(default_factory=dict, repr=False, compare=False)
    _plans: dict[tuple[str | None, Sampler], Plan] = field(default_factory=dict, repr=False, compare=False)

    def scores_of(self, model_id: str, benchmark: str) -> list[Score]:
        """The rows of one model on one benchmark."""
        if not self._scores:
            for row in self.scores:
                self._scores.setdefault((row.model, row.benchmark), []).append(row)
        return self._scores.get((model_id, benchmark), [])

    def plan(self, model_id: str | None = None, sampler: Sampler = base_value) -> Plan:
        """The workload's numbers for one model; made once for all models without token counts of their own."""
        own = model_id if model_id in self.workload.tokens.per_model else None
        if (own, sampler) not in self._plans:
            self._plans[own, sampler] = plan(self.workload, electricity=self.electricity, model_id=own, sampler=sampler)
        return self._plans[own, sampler]
