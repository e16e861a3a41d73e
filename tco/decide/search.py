"""The cheapest machine for a model, among many, in one pass of array arithmetic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from tco.cost.build import machine
from tco.cost.ledger import total_usd_per_month
from tco.cost.machine import Machine
from tco.cost.option import machine_costing
from tco.decide.assess import load_of, slos
from tco.decide.eligible import objections
from tco.describe.option import MachineOption
from tco.describe.plan import base_value
from tco.describe.scenario import Scenario
from tco.errors import MissingDataError
from tco.perform.deployment import Deployment, stack
from tco.perform.size import built_for, size, smallest_layout
from tco.perform.solve import solve
from tco.units import Num

NUMBERS = tuple(each.name for each in fields(Machine) if each.name not in ("figures", "scale_to_zero"))


@dataclass(frozen=True, slots=True)
class Found:
    """The cheapest machine of a search, or why there is none."""

    option: MachineOption
    n_searched: int
    refused: tuple[tuple[str, int], ...]

    @property
    def text(self) -> str:
        """One line for the report: how many were searched and why others fell out."""
        refused = "; ".join(f"{n} {why}" for why, n in self.refused)
        return f"cheapest of {self.n_searched} machines searched" + (f" ({refused})" if refused else "")


def cheapest(group: Sequence[MachineOption], scenario: Scenario) -> Found:
    """The machine of the group with the lowest bill among those that serve the workload.

    All machines are sized and costed as arrays by the formulas that cost one. When none serves it, the
    first is returned, so that its assessment says why.
    """
    plan = scenario.plan(group[0].model_id)
    load = load_of(plan)
    refused: Counter[str] = Counter()
    kept: list[tuple[MachineOption, Machine, Deployment, float]] = []
    built: dict[tuple[str, int], tuple[int, Deployment, float]] = {}
    for option in group:
        try:
            if objections(option, scenario):
                raise MissingDataError("break a rule of the workload")
            key = (option.hardware.id, option.rental.n_gpus if option.rental else 0)
            if key not in built:
                n_gpus = option.n_gpus or smallest_layout(option, load)
                built[key] = (n_gpus, built_for(option, n_gpus), _known_rate(replace(option, n_gpus=n_gpus), scenario))
            n_gpus, deployment, known = built[key]
            held = machine(option, n_gpus=n_gpus, on=scenario.as_of, sampler=base_value)
            kept.append((replace(option, n_gpus=n_gpus), held, deployment, known))
        except MissingDataError as error:
            refused[_why(str(error))] += 1
    if not kept:
        return Found(group[0], len(group), tuple(refused.items()))
    usd = _bills(kept, scenario)
    refused["cannot hold or serve it"] += int(np.sum(~np.isfinite(usd)))
    best = kept[int(np.argmin(usd))][0]
    return Found(best, len(group), tuple(item for item in refused.items() if item[1]))


def _bills(kept: Sequence[tuple[MachineOption, Machine, Deployment, float]], scenario: Scenario) -> np.ndarray:
    option, first = kept[0][0], kept[0][1]
    plan = scenario.plan(option.model_id)
    stacked = stack([deployment for _, _, deployment, _ in kept])
    predicted = np.min(
        [solve(deployment=stacked, load=load_of(plan), slo=slo).req_per_s for slo in slos(scenario)], axis=0
    )
    known = np.array([rate for *_, rate in kept])
    rate = np.where(np.isnan(known), predicted, known)
    serves = rate > 0
    numbers: dict[str, Num] = {
        name: np.array([float(getattr(held, name)) for _, held, _, _ in kept]) for name in NUMBERS
    }
    held = replace(first, **numbers)
    costing = machine_costing(option, scenario, held, lambda _: np.where(serves, rate, 1.0))
    return np.where(serves, total_usd_per_month(costing.ledger(plan)), np.inf)


def _known_rate(option: MachineOption, scenario: Scenario) -> float:
    """The rate of a machine with a measurement or a statement; NaN where it must be predicted."""
    if not option.measured and option.speed is None:
        return float("nan")
    sized = size(option, load_of(scenario.plan(option.model_id)), slos(scenario))
    return float("nan") if sized.capacity.basis == "predicted" else sized.capacity.req_per_s


def _why(message: str) -> str:
    return (
        "have no price"
        if "no price" in message
        else "break a rule of the workload"
        if "rule" in message
        else "lack a figure"
    )
