"""The cheapest machine for a model, among many, in one pass of array arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from tco.cost.build import machine
from tco.cost.ledger import total_usd_per_month
from tco.cost.machine import Machine
from tco.cost.option import machine_costing
from tco.decide.assess import load_of, slos
from tco.decide.eligible import model_objections, seller_objections
from tco.describe.option import MachineOption
from tco.describe.plan import base_value
from tco.describe.scenario import Scenario
from tco.errors import MissingDataError
from tco.perform.deployment import Deployment, stack
from tco.perform.size import built_for, size, smallest_layout
from tco.perform.solve import solve
from tco.units import BYTES_PER_GB

NUMBERS = tuple(each.name for each in fields(Machine) if each.name not in ("figures", "scale_to_zero"))


@dataclass(frozen=True, slots=True)
class Found:
    """The cheapest machine of a search, and why each of the others that fell out did."""

    option: MachineOption
    n_searched: int
    refused: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """One line for the report: how many were searched, how many fell out."""
        out = f", {len(self.refused)} of which cannot serve it" if self.refused else ""
        return f"cheapest of {self.n_searched} machines searched{out}"


Layout = tuple[int, Deployment, float]  # GPUs of a replica, their numbers, the measured rate or NaN
Built = dict[tuple[str, str, str | None, str, int | None, int], Layout]


def cheapest(group: Sequence[MachineOption], scenario: Scenario, built: Built) -> Found:
    """The machine of the group with the lowest bill among those that serve the workload.

    All machines are sized and costed as arrays by the formulas that cost one. When none serves it, the
    first is returned, so that its assessment says why. ``built`` holds layouts already worked out.
    """
    refused: list[tuple[str, str]] = []
    kept: list[tuple[MachineOption, Machine, Deployment, float]] = []
    of_model = model_objections(group[0], scenario)
    for option in group:
        reasons = [option.unpriced] if option.unpriced else [*of_model, *seller_objections(option, scenario)]
        try:
            if reasons:
                raise MissingDataError("; ".join(reasons))
            n_gpus, deployment, known = _laid_out(option, scenario, built)
            held = machine(option, n_gpus=n_gpus, on=scenario.as_of, sampler=base_value)
            kept.append((replace(option, n_gpus=n_gpus), held, deployment, known))
        except MissingDataError as error:
            refused.append((option.id, str(error)))
    if not kept:
        return Found(group[0], len(group), tuple(refused))
    usd = _bills(kept, scenario)
    refused += [
        (option.id, _unserved(held)) for (option, _, held, _), bill in zip(kept, usd, strict=True) if bill == np.inf
    ]
    return Found(kept[int(np.argmin(usd))][0], len(group), tuple(refused))


def _unserved(held: Deployment) -> str:
    short_gb = -float(held.margin_bytes) / BYTES_PER_GB
    return (
        f"does not fit: {short_gb:,.1f} GB per GPU short"
        if short_gb > 0
        else "no room for the cache, or misses a limit"
    )


def _laid_out(option: MachineOption, scenario: Scenario, built: Built) -> Layout:
    """The layout of one option, worked out once for all offers of the same machine."""
    n_rented = option.rental.n_gpus if option.rental else 0
    key = (option.model_id, option.hardware.id, option.dtype, option.engine, option.n_gpus, n_rented)
    if key not in built:
        load = load_of(scenario.plan(option.model_id))
        deployment = built_for(option, option.n_gpus) if option.n_gpus else smallest_layout(option, load)
        n_gpus = int(deployment.n_gpus)
        built[key] = (n_gpus, deployment, _known_rate(replace(option, n_gpus=n_gpus), scenario))
    return built[key]


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
    numbers: dict[str, Any] = {
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
