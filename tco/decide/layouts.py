"""How many GPUs a replica may have on a machine, in which format, and what each layout sustains: many at once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from tco.decide.assess import load_of, slos
from tco.describe.hardware import Dtype
from tco.describe.option import MachineOption
from tco.describe.scenario import Scenario
from tco.describe.serving import PLAIN
from tco.errors import MissingDataError
from tco.perform.calibrated import Placed
from tco.perform.fitted import fitted
from tco.perform.many import Asked, many
from tco.perform.memory import weights_bytes
from tco.perform.size import size
from tco.perform.solve import solve
from tco.units import BYTES_PER_GB

BLOCK = 16_384  # rows at once: arrays that stay in the processor's cache


@dataclass(frozen=True, slots=True)
class Layout:
    """A replica of ``n_gpus`` and its predicted rate, 0 where it cannot serve the load within every target."""

    dtype: Dtype
    n_gpus: int
    req_per_s: float
    margin_gb: float  # free for the cache on each GPU; negative when the weights do not fit


Key = tuple[str, str, str, str | None, str, str, int | None, int]
Built = dict[Key, tuple[Layout, ...] | str]  # layouts of a model on a machine, or what is unknown about it


def lay_out(options: Iterable[MachineOption], scenario: Scenario, built: Built) -> None:
    """Add the layouts of every option of one model that ``built`` does not hold."""
    asked: dict[Key, list[tuple[int, Placed]]] = {}
    for option in options:
        for dtype in formats(option):
            key = _key(option, dtype)
            if key in built or key in asked or option.unpriced:
                continue
            try:
                if option.serving != PLAIN or option.hardware.ceilings is not None:
                    built[key] = tuple(_one_by_one(option, dtype, scenario))
                else:
                    asked[key] = [(n_gpus, _placed(option, dtype, n_gpus)) for n_gpus in _sizes(option, dtype)]
            except MissingDataError as error:
                built[key] = str(error)
    rows = [(key, n_gpus, at) for key, sizes in asked.items() for n_gpus, at in sizes]
    model_id = rows[0][0][0] if rows else None
    for start in range(0, len(rows), BLOCK):
        for key, layout in _solved(rows[start : start + BLOCK], scenario, model_id):
            held = built.setdefault(key, ())
            assert not isinstance(held, str)
            built[key] = (*held, layout)


def formats(option: MachineOption) -> tuple[Dtype, ...]:
    """The weights formats to try, the option's own first."""
    return option.dtypes or (option.dtype or "bf16",)


def layouts_of(option: MachineOption, dtype: Dtype, built: Built) -> tuple[Layout, ...]:
    """Layouts already worked out; raises MissingDataError where a specification is unknown."""
    found = built[_key(option, dtype)]
    if isinstance(found, str):
        raise MissingDataError(found)
    return found


def _key(option: MachineOption, dtype: Dtype) -> Key:
    return (
        option.model_id, option.hardware.id, dtype, option.kv_dtype, option.engine, option.serving.label, option.n_gpus,
        _most_gpus(option),
    )  # fmt: skip


def _most_gpus(option: MachineOption) -> int:
    host = option.hardware.host
    return option.rental.n_gpus if option.rental else host.max_gpus if host else 1


def _sizes(option: MachineOption, dtype: Dtype) -> Iterator[int]:
    """GPUs of a replica: as stated, else powers of two from the fewest that hold the weights to a whole machine."""
    if option.n_gpus:
        yield option.n_gpus
        return
    memory_bytes = option.hardware.memory_gb.value * BYTES_PER_GB if option.hardware.memory_gb else math.inf
    n_least, most = weights_bytes(model=option.model, dtype=dtype) / memory_bytes, _most_gpus(option)
    n_gpus = 1
    while n_gpus < min(n_least, most):
        n_gpus *= 2
    while n_gpus < most:
        yield n_gpus
        n_gpus *= 2
    yield most


def _placed(option: MachineOption, dtype: Dtype, n_gpus: int) -> Placed:
    asked = Asked(
        model=option.model, hardware=option.hardware, n_gpus=n_gpus, dtype=dtype, kv_dtype=option.kv_dtype or "bf16",
        engine=option.engine, reference=option.reference,
    )  # fmt: skip
    return asked.placed(fitted())


def _one_by_one(option: MachineOption, dtype: Dtype, scenario: Scenario) -> Iterator[Layout]:
    """Layouts of a machine that was measured itself; the one of a model that is split, drafted for or offloaded."""
    load, limits = load_of(scenario.plan(option.model_id)), slos(scenario)
    for n_gpus in _sizes(option, dtype) if option.serving == PLAIN else (option.n_gpus,):
        sized = size(replace(option, n_gpus=n_gpus, dtype=dtype), load, limits)
        margin_gb = sized.capacity.margin_gb
        rate = sized.capacity.req_per_s if sized.capacity.feasible else 0.0
        yield Layout(dtype, sized.n_gpus, rate, math.inf if margin_gb is None else margin_gb)


def _solved(
    rows: list[tuple[Key, int, Placed]], scenario: Scenario, model_id: str | None
) -> Iterator[tuple[Key, Layout]]:  # fmt: skip
    load = load_of(scenario.plan(model_id))
    stacked = many([at for _, _, at in rows])
    rates = np.min([solve(deployment=stacked, load=load, slo=slo).req_per_s for slo in slos(scenario)], axis=0)
    margins = np.asarray(stacked.margin_bytes) / BYTES_PER_GB
    for (key, n_gpus, _), rate, margin_gb in zip(rows, rates.tolist(), margins.tolist(), strict=True):
        dtype: Dtype = key[2]  # type: ignore[assignment]
        yield key, Layout(dtype, n_gpus, rate, margin_gb)
