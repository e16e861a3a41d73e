"""What changed in cost: the cheapest option of each tier, in a record of ``tco compare`` and in the one before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

Record = Mapping[str, Any]
TIERS = ("api", "budget_cloud", "self_hosted")


@dataclass(frozen=True, slots=True)
class CostChange:
    """The cheapest option of a tier before and now, with its bill; None where the tier has none.

    ``was_cheapest`` and ``is_cheapest`` say whether it was, and is, the cheapest option of all.
    """

    workload: str
    tier: str
    option_before: str | None
    usd_per_month_before: float | None
    was_cheapest: bool
    option: str | None
    usd_per_month: float | None
    is_cheapest: bool

    @property
    def change_usd_per_month(self) -> float | None:
        """Bill now less bill before; None without both."""
        if self.usd_per_month is None or self.usd_per_month_before is None:
            return None
        return self.usd_per_month - self.usd_per_month_before

    @property
    def change_frac(self) -> float | None:
        """Bill now over bill before, less 1; None without both or from a bill of zero."""
        if self.usd_per_month is None or not self.usd_per_month_before:
            return None
        return self.usd_per_month / self.usd_per_month_before - 1.0


def changes(before: Record | None, now: Record) -> Iterator[CostChange]:
    """A row for each tier that has an option in either record; without a record before, all options are new."""
    for tier in TIERS:
        older, newer = _cheapest(before, tier), _cheapest(now, tier)
        if older or newer:
            yield CostChange(
                workload=str(now["workload"]["name"]), tier=tier, option_before=_id(older),
                usd_per_month_before=_bill(older), was_cheapest=_wins(older, before), option=_id(newer),
                usd_per_month=_bill(newer), is_cheapest=_wins(newer, now),
            )  # fmt: skip


def _cheapest(record: Record | None, tier: str) -> Record | None:
    if record is None:
        return None
    name = (record["verdict"].get("cheapest_by_tier") or {}).get(tier)
    return next((each for each in record["options"] if name is not None and each["id"] == name), None)


def _id(option: Record | None) -> str | None:
    return str(option["id"]) if option else None


def _wins(option: Record | None, record: Record | None) -> bool:
    return bool(option and record and option["id"] == record["verdict"].get("cheapest"))


def _bill(option: Record | None) -> float | None:
    held = option.get("usd_per_month") if option else None
    if isinstance(held, bool) or not isinstance(held, int | float) or not isfinite(held):
        return None
    return float(held)
