"""Measurements as runs of the model: what was deployed, under what load, and which groups it belongs to."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tco.describe.hardware import Hardware
from tco.describe.measurement import Measurement
from tco.describe.model import Model
from tco.describe.record import Figure
from tco.errors import MissingDataError, UnknownNameError
from tco.perform.constants import ENGINES
from tco.perform.deployment import NUM_FIELDS, Deployment, deployment, stack
from tco.perform.groups import LOCAL_ENGINES, cell_of, groups_of, sparsity_of, width_of
from tco.perform.load import Load
from tco.perform.memory import param_count
from tco.perform.peaks import peaks
from tco.perform.spellings import dtype_of as dtype_of
from tco.perform.spellings import engine_of as engine_of
from tco.perform.spellings import params_named
from tco.perform.step import kv_seq_bytes
from tco.units import BYTES_PER_GB, BYTES_PER_GIB

Array = NDArray[np.float64]
RELEASED: dict[str, date] = {  # recalled, for rows without a date
    "1.0.0rc3": date(2025, 7, 15), "0.12.0": date(2025, 12, 3), "0.5.1.post1": date(2025, 8, 20),
    "0.5.6.post2": date(2025, 12, 10), "0.5.8.post1": date(2026, 1, 30),
}  # fmt: skip
REFERENCE_DAY = date(2025, 11, 1)
DAYS_PER_YEAR = 365.25
MAX_SEQS_OFFLINE = 2048.0  # TensorRT-LLM's default for throughput runs
BENCHMARK_FRAC = 0.95
BENCHMARK_BYTES = 2.0 * BYTES_PER_GIB
LEAST_CACHE_FRAC = 0.03  # of the memory, where the weights as counted here leave less and yet it ran (assumed)
# Engines that admit a request only when its whole answer has room (TensorRT-LLM's GUARANTEED_NO_EVICT); the others
# admit by what is in use and preempt.
RESERVING = frozenset({"tensorrt-llm"})
_VERSION = re.compile(r"(?:^|[v:])(\d+\.\d+)")
_REQUESTS = re.compile(r"(\d+) requests")


@dataclass(frozen=True, slots=True)
class Runs:
    """Arrays over measurements that can be predicted. Loads, concurrency and deployment are of one replica."""

    rows: tuple[Measurement, ...]
    deployment: Deployment
    load: Load
    n_asked: Array
    n_seqs: Array  # those that run at once
    n_replicas: Array
    n_stages: Array
    is_metric: dict[str, NDArray[np.bool_]]
    covariates: dict[str, Array]
    groups: tuple[dict[str, str], ...]
    tdp_w: Array

    def labels(self, grouping: str) -> list[str]:
        """Label of each run in a grouping."""
        return [held.get(grouping, "") for held in self.groups]


@dataclass(frozen=True, slots=True)
class _Kept:
    row: Measurement
    built: Deployment
    groups: dict[str, str]
    n_replicas: float
    n_asked: float
    n_seqs: float
    tdp_w: float
    sizes: dict[str, float]


Resolver = tuple[Callable[[str], Model], Callable[[str], Hardware]]


def model_of(row: Measurement, find: Callable[[str], Model]) -> Model:
    """The model's profile, else one of typical shape from the parameter counts of the row."""
    try:
        found = find(row.model)
    except UnknownNameError:
        found = None
    if found is not None and (found.shape is not None or found.recurrence is not None or not row.params_total_b):
        return found
    total, active = row.params_total_b, row.params_active_b or row.params_total_b
    if total is None:
        total, active = params_named(row.model)
    if total is None or active is None:
        raise MissingDataError(f"model {row.model!r} is not in the catalogue, and the row states no parameter count")
    return Model(
        id=f"sized-{total:g}b-a{active:g}b", name=row.model, vendor="unknown", weights="open",
        params_total_b=_count_of(total), params_active_b=_count_of(min(active, total)),
        source="parameter counts of a measurement", as_of=REFERENCE_DAY, kind="published",
    )  # fmt: skip


def version_of(row: Measurement) -> str:
    """Engine and the first two parts of its version, as far as stated; empty where unknown."""
    found = _VERSION.search(row.engine_version)
    return f"{engine_of(row.engine)}/{found[1]}" if found else ""


def host_of(version: str) -> str:
    """Versions whose host work is known to differ: vLLM before 0.6, whose scheduler kept the GPU waiting."""
    name, _, number = version.partition("/")
    parts = number.split(".")
    return "vllm/before-0.6" if name == "vllm" and parts[0] == "0" and int(parts[1]) < 6 else ""


def _count_of(value: float) -> Figure:
    return Figure(value=value, unit="count", source="the measurement", as_of=REFERENCE_DAY, kind="published")


def day_of(row: Measurement) -> date:
    """When the software was current: the row's date, else its version's release, else the reference day."""
    return row.on or RELEASED.get(row.engine_version, REFERENCE_DAY)


def years_of(day: date) -> float:
    """Years since the reference day."""
    return (day - REFERENCE_DAY).days / DAYS_PER_YEAR


def _deployed(
    row: Measurement, model: Model, hardware: Hardware
) -> tuple[Deployment, dict[str, str], float, dict[str, float]]:
    engine = engine_of(row.engine)
    dtype, kv_dtype = dtype_of(row.dtype), dtype_of(row.kv_dtype) if row.kv_dtype else "bf16"
    is_sparse = param_count(model=model).expert > 0
    local = engine in LOCAL_ENGINES
    known = engine if engine in ENGINES else "llama.cpp" if local else "other"
    n_groups = row.dp if is_sparse and row.dp > 1 and row.n_gpus % row.dp == 0 else 1
    n_gpus = max(1, row.n_gpus // row.pp if n_groups > 1 else row.n_gpus // (row.dp * row.pp))
    built = deployment(
        model=model, hardware=hardware, n_gpus=n_gpus, dtype=dtype, kv_dtype=kv_dtype, engine=known,
        n_groups=n_groups,
    )  # fmt: skip
    held = groups_of(
        model=model, hardware=hardware, dtype=dtype, kv_dtype=kv_dtype, engine=engine,
        peak=peaks(hardware=hardware, dtype=dtype), is_sparse=is_sparse, n_groups=n_groups, n_expert_ranks=row.ep,
    )  # fmt: skip
    n_replicas = float(n_groups) if n_groups > 1 else row.n_gpus / (n_gpus * row.pp)
    return built, held, n_replicas, {"width": width_of(model, n_gpus, row.ep), "sparsity": sparsity_of(model)}


def _fitting_seqs(row: Measurement, built: Deployment) -> float:
    """Sequences whose cache fits, up to the engine's limit: at I + O where the engine reserves it, else at I + O/2.

    Benchmarks leave 5% of the memory and 2 GiB (assumed, after TensorRT-LLM's settings); a datasheet's GB are GiB.
    """
    whole = built.memory_bytes * BYTES_PER_GIB / BYTES_PER_GB
    room = np.maximum(built.margin_bytes, BENCHMARK_FRAC * whole - built.weights_bytes - BENCHMARK_BYTES)
    least = LEAST_CACHE_FRAC * whole
    if room < least and row.concurrency is not None:
        return MAX_SEQS_OFFLINE  # as many as stated ran, with less overhead or other numbers than counted here
    part = 1.0 if engine_of(row.engine) in RESERVING else 0.5
    context_tok = max(row.input_tok, 1.0) + max(row.output_tok, 1.0) * part
    cache = kv_seq_bytes(deployment=built, context_tok=context_tok)
    return float(np.clip(np.floor(np.maximum(room, least) / cache), 1.0, MAX_SEQS_OFFLINE))


def _asked_seqs(row: Measurement, n_replicas: float, fitting: float) -> float:
    """Requests in flight on one replica; without a stated concurrency all that fit.

    A run of N requests of equal length goes in whole waves of N / ceil(N / C).
    """
    if row.concurrency is not None:
        return max(row.concurrency / n_replicas / row.pp, 1.0)
    stated = _REQUESTS.search(row.note)
    if stated is None:
        return fitting
    n_requests = max(1.0, float(stated[1]) / n_replicas)
    return float(n_requests / np.ceil(n_requests / fitting))


def build(rows: Sequence[Measurement], resolve: Resolver) -> tuple[Runs, dict[str, str]]:
    """Runs of the rows that can be predicted, and for each other row the reason it cannot."""
    find_model, find_hardware = resolve
    cache: dict[tuple[object, ...], tuple[Deployment, dict[str, str], float, dict[str, float], float] | str] = {}
    kept: list[_Kept] = []
    reasons: dict[str, str] = {}
    for row in rows:
        key = (row.model, row.params_total_b, row.gpu, row.dtype, row.kv_dtype, row.engine, row.n_gpus, row.pp,
               row.ep, row.dp)  # fmt: skip
        if key not in cache:
            try:
                hardware = find_hardware(row.gpu)
                cache[key] = (*_deployed(row, model_of(row, find_model), hardware), _tdp_w(hardware) * row.n_gpus)
            except (UnknownNameError, MissingDataError) as error:
                cache[key] = str(error).split("\n")[0]
        held = cache[key]
        why = held if isinstance(held, str) else _contradiction(row, tdp_w=held[-1])
        if isinstance(held, str) or why:
            reasons[row.id] = why
            continue
        built, groups, n_replicas, sizes, tdp_w = held
        fitting = _fitting_seqs(row, built)
        asked = _asked_seqs(row, n_replicas, fitting)
        kept.append(_Kept(row, built, _with_row(groups, row), n_replicas, asked, min(asked, fitting), tdp_w, sizes))
    return _arrays(kept), reasons


def _contradiction(row: Measurement, *, tdp_w: float) -> str:
    """Why a row's metric cannot be predicted from what it states; empty where it can."""
    if row.metric == "joules_per_token" and np.isnan(tdp_w):
        return f"{row.gpu}: no rated power, so its energy cannot be predicted"
    if row.metric == "itl_ms" and row.output_tok <= 1.0:
        return f"an answer of {row.output_tok:g} tokens has no time between tokens"
    if row.metric in ("ttft_ms", "prefill_tok_s") and row.input_tok < 1.0:
        return "no prompt, so reading it takes no time that could be predicted"
    return ""


def _tdp_w(hardware: Hardware) -> float:
    return hardware.max_w.value if hardware.max_w is not None else float("nan")


def _with_row(groups: dict[str, str], row: Measurement) -> dict[str, str]:
    stat = "median" if "median" in row.note.lower() else "mean"
    serving = row.metric == "output_tok_s_total"
    # Energy rows have none: what slowed them need not slow the others.
    cell = "" if row.metric == "joules_per_token" else cell_of(groups)
    return {
        **groups,
        "family": row.family,
        "stat": stat,
        "offline": "offline" if row.concurrency is None and serving else "",
        "version": version_of(row),
        "cell": cell,
        "layout": f"{cell}/{row.n_gpus}/{row.tp}/{row.ep}/{row.dp}" if cell else "",
        "host": host_of(version_of(row)),
        "era": f"{groups['engine']}/{day_of(row).year}",
    }


def _arrays(kept: Sequence[_Kept]) -> Runs:
    rows = tuple(held.row for held in kept)
    metrics = np.array([row.metric for row in rows], dtype=object)
    load = Load(
        input_tok=np.array([max(row.input_tok, 1.0) for row in rows]),
        output_tok=np.array([max(row.output_tok, 1.0) for row in rows]),
    )
    n_seqs = np.array([held.n_seqs for held in kept])
    return Runs(
        rows=rows,
        deployment=stack([held.built for held in kept]),
        load=load,
        n_asked=np.array([held.n_asked for held in kept]),
        n_seqs=n_seqs,
        n_replicas=np.array([held.n_replicas for held in kept]),
        n_stages=np.array([float(row.pp) for row in rows]),
        is_metric={name: metrics == name for name in sorted(set(metrics.tolist()))},
        covariates={
            "years": np.array([years_of(day_of(row)) for row in rows]),
            "log_in": np.log2(load.input_tok / 1024.0),
            "log_out": np.log2(load.output_tok / 1024.0),
            "log_seqs": np.log2(n_seqs / 32.0),
            **{name: np.array([held.sizes[name] for held in kept]) for name in ("width", "sparsity")},
        },
        groups=tuple(held.groups for held in kept),
        tdp_w=np.array([held.tdp_w for held in kept]),
    )


def subset(runs: Runs, chosen: NDArray[np.bool_]) -> Runs:
    """Some of the runs, in their order."""
    index = np.flatnonzero(chosen)
    held: dict[str, Any] = {name: np.asarray(getattr(runs.deployment, name))[index] for name in NUM_FIELDS}
    return Runs(
        rows=tuple(runs.rows[i] for i in index),
        deployment=Deployment(**held, notes=()),
        load=Load(input_tok=np.asarray(runs.load.input_tok)[index], output_tok=np.asarray(runs.load.output_tok)[index]),
        n_asked=runs.n_asked[index],
        n_seqs=runs.n_seqs[index],
        n_replicas=runs.n_replicas[index],
        n_stages=runs.n_stages[index],
        is_metric={name: flags[index] for name, flags in runs.is_metric.items()},
        covariates={name: values[index] for name, values in runs.covariates.items()},
        groups=tuple(runs.groups[i] for i in index),
        tdp_w=runs.tdp_w[index],
    )
