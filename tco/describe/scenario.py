"""A scenario: one workload and everything the catalogue says about its candidates on one day."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING

from tco.describe.plan import Plan, Sampler, base_value, plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tco.describe.offer import TokenOffer
    from tco.describe.option import MachineOption, Option
    from tco.describe.quality import Score
    from tco.describe.record import Figure
    from tco.describe.workload import Workload

STALE_AFTER_DAYS: Mapping[str, int] = MappingProxyType({"price": 45, "hardware": 180, "electricity": 400})


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Everything ``evaluate`` needs; nothing here is read from a file again.

    ``options`` are named one by one; each group of ``searched`` is one model on every machine of one
    way of paying, of which only the cheapest is reported.
    """

    workload: Workload
    as_of: date
    electricity: Figure
    options: tuple[Option, ...]
    searched: tuple[tuple[MachineOption, ...], ...] = ()
    escalation_offers: Mapping[str, TokenOffer] = field(default_factory=dict)
    scores: tuple[Score, ...] = ()
    allow_rumoured: bool = False
    sheets: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def plan(self, model_id: str | None = None, sampler: Sampler = base_value) -> Plan:
        """The workload's numbers for one model."""
        return plan(self.workload, electricity=self.electricity, model_id=model_id, sampler=sampler)
