"""The cheapest machine for a model, among many machines, layouts and formats, in one pass of array arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tco.cost.build import machine, metered
from tco.cost.ledger import total_usd_per_month
from tco.cost.machine import Machine
from tco.cost.option import machine_costing
from tco.decide.assess import load_of, slos
from tco.decide.eligible import model_objections, seller_objections
from tco.decide.layouts import Built, Layout, formats, lay_out, layouts_of
from tco.describe.hardware import Dtype
from tco.describe.option import MachineOption
from tco.describe.plan import base_value
from tco.describe.scenario import Scenario
from tco.errors import MissingDataError
from tco.perform.capacity import Capacity
from tco.perform.points import matching_points
from tco.perform.size import size

MAX_NEXT = 7  # machines tried after the cheapest, where the trace refuses it
NUMBERS = tuple(each.name for each in fields(Machine) if each.name not in ("figures", "scale_to_zero"))


@dataclass(frozen=True, slots=True)
class Found:
    """The cheapest machine of a search, and why each of the others that fell out did.

    ``sizes`` are the numbers of GPUs of a replica and ``dtypes`` the formats of the weights that were tried.
    ``next_best`` are the machines that follow it by their bill, each once, for when the trace refuses the cheapest.
    ``is_worth_showing`` is false where the model itself breaks a rule and nobody named it.
    """

    option: MachineOption
    n_searched: int
    refused: tuple[tuple[str, str], ...]
    sizes: tuple[int, ...] = ()
    dtypes: tuple[Dtype, ...] = ()
    next_best: tuple[MachineOption, ...] = ()
    is_worth_showing: bool = True

    @property
    def text(self) -> str:
        """One line for the report: what was searched, and how many fell out."""
        out = f", {len(self.refused)} of which cannot serve it" if self.refused else ""
        sizes = f"; replicas of {self.sizes[0]} to {self.sizes[-1]} GPUs" if len(self.sizes) > 1 else ""
        formats = f"; weights in {', '.join(self.dtypes)}" if len(self.dtypes) > 1 else ""
        return f"cheapest of {self.n_searched} machines searched{out}{sizes}{formats}"


@dataclass(frozen=True, slots=True)
class _Row:
    """One layout of one offer: what it runs on, whatever the size of a replica, and the rate of one."""

    option: MachineOption
    layout: Layout
    held: Machine
    req_per_s: float


def search(groups: Sequence[Sequence[MachineOption]], scenario: Scenario) -> list[Found]:
    """The cheapest machine of each group that holds any; layouts of one model are worked out together."""
    built: Built = {}
    by_model: dict[str, list[MachineOption]] = {}
    for group in groups:
        if group and not model_objections(group[0], scenario):
            by_model.setdefault(group[0].model_id, []).extend(group)
    for options in by_model.values():
        lay_out(options, scenario, built)
    return [cheapest(group, scenario, built) for group in groups if group]


def cheapest(group: Sequence[MachineOption], scenario: Scenario, built: Built) -> Found:
    """The machine of the group with the lowest bill among those that serve the workload.

    Every layout, from the fewest GPUs that hold the weights to a whole machine, and every format of ``dtypes`` is
    sized and costed as arrays by the formulas that cost one. When nothing serves the workload, the first machine is
    returned, so that its assessment says why. ``built`` holds layouts already worked out.
    """
    of_model = model_objections(group[0], scenario)
    if of_model:
        is_named = not group[0].dtypes
        refused_model = (group[0].model_id, "; ".join(of_model))
        return Found(group[0], len(group), (refused_model,), is_worth_showing=is_named)
    lay_out(group, scenario, built)
    refused: list[tuple[str, str]] = []
    rows: list[_Row] = []
    for option in group:
        reasons = [option.unpriced] if option.unpriced else seller_objections(option, scenario)
        try:
            if reasons:
                raise MissingDataError("; ".join(reasons))
            rows += _rows(option, scenario, built)
        except MissingDataError as error:
            refused.append((option.id, str(error)))
    if not rows:
        return Found(group[0], len(group), tuple(refused))
    usd = _bills(rows, scenario)
    first, *others = _by_bill(rows, usd) or [rows[0].option]
    return Found(
        option=first,
        n_searched=len(group),
        refused=(*refused, *_unserved(rows, usd)),
        sizes=tuple(sorted({row.layout.n_gpus for row in rows})),
        dtypes=tuple(dict.fromkeys(row.layout.dtype for row in rows)),
        next_best=tuple(others),
    )


def _by_bill(rows: Sequence[_Row], usd: NDArray[np.float64]) -> list[MachineOption]:
    """The cheapest layouts that serve, rising by their bill: the first few, none where nothing serves."""
    order = np.argsort(usd, kind="stable")[: 1 + MAX_NEXT]
    return [laid_out(rows[i].option, rows[i].layout) for i in order.tolist() if usd[i] < np.inf]


def laid_out(option: MachineOption, layout: Layout) -> MachineOption:
    """The option with a layout chosen; its id ends with the format."""
    if layout.dtype in (option.dtype, None) or option.dtype is None:
        return replace(option, n_gpus=layout.n_gpus)
    name = f"{option.id.removesuffix(f'-{option.dtype}')}-{layout.dtype}"
    return replace(option, n_gpus=layout.n_gpus, dtype=layout.dtype, id=name)


def _rows(option: MachineOption, scenario: Scenario, built: Built) -> list[_Row]:
    """Every layout of an offer; raises MissingDataError where a specification, price or power is unknown."""
    found: list[_Row] = []
    drawn: MachineOption | None = None
    for dtype in formats(option):
        layouts = layouts_of(option, dtype, built)
        for layout in layouts if option.speed is None else _first_that_fits(layouts):
            known = _known(option, layout, scenario) if option.measured or option.speed is not None else None
            drawing = option if known is None else metered(option, known, n_gpus=layout.n_gpus)
            if drawing is not drawn or option.stated is not None:  # a stated machine is shared by a replica's GPUs
                held = machine(drawing, n_gpus=layout.n_gpus, on=scenario.as_of, sampler=base_value)
                drawn = drawing
            found.append(_Row(option, layout, held, layout.req_per_s if known is None else known.req_per_s))
    return found


def _first_that_fits(layouts: Sequence[Layout]) -> Sequence[Layout]:
    """A stated speed is that of the smallest replica: it says nothing about a larger one."""
    return [next((layout for layout in layouts if layout.margin_gb > 0), layouts[-1])]


def _known(option: MachineOption, layout: Layout, scenario: Scenario) -> Capacity | None:
    """What a replica can do as stated, else as measured; None where it is to be predicted."""
    load = load_of(scenario.plan(option.model_id))
    measured = option.measured and matching_points(
        rows=option.measured, model_id=option.model_id, hardware_id=option.hardware.id, n_gpus=layout.n_gpus,
        dtype=layout.dtype, load=load, engine=option.engine,
    )  # fmt: skip
    if not measured and option.speed is None:
        return None
    return size(laid_out(option, layout), load, slos(scenario)).capacity


def _bills(rows: Sequence[_Row], scenario: Scenario) -> NDArray[np.float64]:
    """USD a month of each row; infinite where it cannot serve the workload."""
    option, first = rows[0].option, rows[0].held
    rate = np.array([row.req_per_s for row in rows])
    serves = rate > 0
    numbers: dict[str, Any] = {name: np.array([float(getattr(row.held, name)) for row in rows]) for name in NUMBERS}
    numbers["gpus_per_replica"] = np.array([float(row.layout.n_gpus) for row in rows])
    held = replace(first, **numbers)
    costing = machine_costing(option, scenario, held, lambda _: np.where(serves, rate, 1.0))
    usd = total_usd_per_month(costing.ledger(scenario.plan(option.model_id)))
    return np.where(serves, usd, np.inf)


def _unserved(rows: Sequence[_Row], usd: NDArray[np.float64]) -> Iterator[tuple[str, str]]:
    """Name and reason of every machine none of whose layouts serves the workload."""
    offers: dict[int, tuple[str, list[tuple[float, float]]]] = {}  # several offers may share a name
    for row, bill in zip(rows, usd.tolist(), strict=True):
        offers.setdefault(id(row.option), (row.option.id, []))[1].append((bill, row.layout.margin_gb))
    for name, layouts in offers.values():
        margin_gb = max(margin for _, margin in layouts)
        if min(bill for bill, _ in layouts) == np.inf:
            short = f"does not fit: {-margin_gb:,.1f} GB per GPU short"
            yield name, short if margin_gb < 0 else "no room for the cache, or misses a limit"
