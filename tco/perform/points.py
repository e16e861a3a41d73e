"""Capacity from measured operating points. Nothing is extrapolated: an unmeasured rate is not claimed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tco.describe.hardware import Dtype, Throughput
from tco.perform.batching import TTFT_OVER_MEAN, Percentile
from tco.perform.capacity import Capacity, missed
from tco.perform.load import Load, Slo
from tco.units import MS_PER_S

LENGTH_FACTOR = 2.0  # rows whose lengths are within this factor of the load's stand for it
SAME_LENGTH_FRAC = 0.10
MEASURED_BAND = (0.90, 1.15)  # assumed: repeats agree within 2%, engine versions drift by more
ITL_OVER_MEAN: dict[Percentile, float] = {50: 1.0, 95: 1.25, 99: 1.5}  # assumed
STAT_OVER_MEAN = {"mean": 1.0, "p50": 1.0, "p95": TTFT_OVER_MEAN[95], "p99": TTFT_OVER_MEAN[99]}


@dataclass(frozen=True, slots=True)
class Point:
    """A measured row judged against targets: latencies at the targets' percentiles and what was assumed."""

    row: Throughput
    output_tok_per_s: float
    ttft_s: float | None
    itl_s: float
    e2e_s: float | None
    missed: tuple[str, ...]
    notes: tuple[str, ...]


def length_distance(*, row: Throughput, load: Load) -> float:
    """Larger of the two ratios between the row's and the load's lengths, at least 1."""
    ratios = (row.input_tok / float(load.input_tok), row.output_tok / float(load.output_tok))
    return max(max(ratio, 1.0 / ratio) for ratio in ratios)


def matching_points(
    *,
    rows: Iterable[Throughput],
    model_id: str,
    hardware_id: str,
    n_gpus: int,
    dtype: Dtype,
    load: Load,
    engine: str | None = None,
    length_factor: float = LENGTH_FACTOR,
) -> tuple[Throughput, ...]:
    """Rows of this deployment whose lengths are nearest to the load's and within a factor of it; maybe none.

    ``engine`` None takes any. Rows without a throughput stand for nothing.
    """
    wanted = (model_id, hardware_id, n_gpus, dtype)
    near = [
        (length_distance(row=row, load=load), row)
        for row in rows
        if (row.model, row.hardware, row.n_gpus, row.dtype) == wanted
        and row.output_tok_per_s is not None
        and engine in (None, row.engine)
    ]
    best = min((distance for distance, _ in near), default=np.inf)
    return tuple(row for distance, row in near if distance == best <= length_factor)


def _ttft(*, row: Throughput, slo: Slo) -> tuple[float | None, tuple[str, ...]]:
    if row.ttft_ms is None:
        return None, ()
    percentile: Percentile = 50 if slo.ttft_s is None else slo.ttft_percentile
    factor = TTFT_OVER_MEAN[percentile] / STAT_OVER_MEAN[row.ttft_stat]
    if factor <= 1.0:
        worse = f"TTFT measured at {row.ttft_stat} stands for p{percentile}: conservative"
        return row.ttft_ms / MS_PER_S, (worse,) if factor < 1.0 else ()
    note = f"TTFT p{percentile} assumed {factor:.2f} times the measured {row.ttft_stat}"
    return row.ttft_ms * factor / MS_PER_S, (note,)


def _itl(*, row: Throughput, output_tok_per_s: float, slo: Slo) -> tuple[float, float, tuple[str, ...]]:
    """Mean ITL, ITL at the target's percentile, and what was assumed to get them."""
    notes: tuple[str, ...] = ()
    mean_s = row.concurrency / output_tok_per_s
    if row.itl_ms is not None:
        mean_s = row.itl_ms / MS_PER_S
    else:
        notes += ("mean ITL bounded by concurrency over throughput",)
    factor = 1.0 if slo.itl_s is None else ITL_OVER_MEAN[slo.itl_percentile]
    if factor > 1.0:
        notes += (f"ITL p{slo.itl_percentile} assumed {factor:.2f} times the mean",)
    return mean_s, mean_s * factor, notes


def judged(*, row: Throughput, output_tok_per_s: float, load: Load, slo: Slo) -> Point:
    """Put a measured row's latencies at the targets' percentiles and hold them against the targets.

    A higher measured percentile judges a lower target as it is; a mean is multiplied by an assumed factor.
    """
    ttft_s, ttft_notes = _ttft(row=row, slo=slo)
    mean_itl_s, itl_s, itl_notes = _itl(row=row, output_tok_per_s=output_tok_per_s, slo=slo)
    waves = max(1.0, float(load.n_samples) / row.concurrency)
    e2e_s = None if ttft_s is None else ttft_s + (float(load.output_tok) - 1.0) * mean_itl_s * waves
    reasons = missed(slo=slo, ttft_s=ttft_s, itl_s=itl_s, e2e_s=e2e_s)
    return Point(row, output_tok_per_s, ttft_s, itl_s, e2e_s, reasons, ttft_notes + itl_notes)


def _length_note(*, row: Throughput, load: Load) -> tuple[str, ...]:
    if length_distance(row=row, load=load) <= 1.0 + SAME_LENGTH_FRAC:
        return ()
    lengths = f"measured at {row.input_tok:g} in, {row.output_tok:g} out"
    note = f"{lengths}; the load has {load.input_tok:g} in, {load.output_tok:g} out"
    longer = float(load.input_tok) > row.input_tok * (1.0 + SAME_LENGTH_FRAC)
    return (note + (": longer prompts lower the rate" if longer else ""),)


def _none_met(*, lightest: Point) -> tuple[str, ...]:
    """Why no point will do: the misses of the lightest-loaded, which has the best latencies."""
    at = lightest.row.concurrency
    return tuple(
        f"no measured point meets the targets: at concurrency {at}, the lightest, {text}" for text in lightest.missed
    )


def from_points(*, rows: Sequence[Throughput], load: Load, slo: Slo) -> Capacity:
    """Highest measured throughput whose latencies keep every target; req/s = output tok/s over output tokens.

    ``rows`` are the operating points of one deployment with a throughput each, at least one (``matching_points``).
    """
    points = [
        judged(row=row, output_tok_per_s=row.output_tok_per_s, load=load, slo=slo)
        for row in rows
        if row.output_tok_per_s is not None
    ]
    met = [point for point in points if not point.missed]
    lightest = min(points, key=lambda point: point.row.concurrency)
    chosen = max(met, key=lambda point: point.output_tok_per_s, default=lightest)
    row, rate = chosen.row, chosen.output_tok_per_s if met else 0.0
    is_largest = row.concurrency == max(point.row.concurrency for point in points)
    return Capacity(
        req_per_s=rate / float(load.request_output_tok),
        concurrency=float(row.concurrency),
        output_tok_per_s=rate,
        ttft_s=chosen.ttft_s,
        itl_s=chosen.itl_s,
        e2e_s=chosen.e2e_s,
        binding="largest measured concurrency" if is_largest else "latency" if slo.interactive else "throughput",
        basis="measured",
        band_low_frac=MEASURED_BAND[0],
        band_high_frac=MEASURED_BAND[1],
        busy_w=row.busy_w,
        reasons=() if met else _none_met(lightest=lightest),
        notes=chosen.notes + _length_note(row=row, load=load),
        source=row.source,
        as_of=row.as_of,
        kind=row.kind,
    )
