"""Capacity from measured operating points, and between two of them. ``beyond`` is what may lie past the largest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tco.describe.hardware import Dtype, Throughput
from tco.perform.arrivals import Percentile, burst_spread, mean_seqs
from tco.perform.between import Limits, Reading, between, itl_ratio, ttft_ratio
from tco.perform.capacity import Basis, Capacity, missed
from tco.perform.deployment import Deployment
from tco.perform.load import Load, Slo
from tco.units import MS_PER_S, Num

LENGTH_FACTOR = 2.0  # rows whose lengths are within this factor of the load's stand for it
SAME_LENGTH_FRAC = 0.10
MEASURED_BAND = (0.90, 1.15)  # assumed: repeats agree within 2%, engine versions drift by more
SCALED: dict[Basis, Basis] = {
    "measured": "measured, scaled by the model", "interpolated": "interpolated, scaled by the model",
}  # fmt: skip
STATISTICS: dict[str, Percentile] = {"mean": 50, "p50": 50, "p95": 95, "p99": 99}
LARGEST = "largest measured concurrency"


@dataclass(frozen=True, slots=True)
class Point:
    """A measured row judged against targets: latencies at the targets' percentiles and what was assumed."""

    row: Throughput
    output_tok_per_s: float
    ttft_s: float | None
    mean_itl_s: float
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

    Rows measured on the user's own machine come before all others within the factor; their lengths are means of what
    was counted, so levels of one sweep differ a little and the same length is one within a tenth.
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
    near = [(distance, row) for distance, row in near if distance <= length_factor]
    own = [pair for pair in near if pair[1].is_local]
    best = min((distance for distance, _ in own or near), default=np.inf)
    if own:
        best *= 1.0 + SAME_LENGTH_FRAC
    return tuple(row for distance, row in own or near if distance <= best)


def _ttft(
    *, row: Throughput, load: Load, slo: Slo, deployment: Deployment | None
) -> tuple[float | None, tuple[str, ...]]:
    if row.ttft_ms is None:
        return None, ()
    percentile: Percentile = 50 if slo.ttft_s is None else slo.ttft_percentile
    own = STATISTICS[row.ttft_stat]
    if own >= percentile:
        worse = f"TTFT measured at {row.ttft_stat} stands for p{percentile}: conservative"
        return row.ttft_ms / MS_PER_S, (worse,) if own > percentile else ()
    factor = ttft_ratio(row=row, deployment=deployment, load=load, own=own, asked=percentile)
    note = f"TTFT p{percentile} assumed {factor:.2f} times the measured {row.ttft_stat}"
    return row.ttft_ms * factor / MS_PER_S, (note,)


def _itl(
    *, row: Throughput, output_tok_per_s: float, load: Load, slo: Slo, deployment: Deployment | None
) -> tuple[float, float, tuple[str, ...]]:
    """Mean ITL, ITL at the target's percentile, and what was assumed to get them."""
    notes: tuple[str, ...] = ()
    mean_s = row.concurrency / output_tok_per_s
    if row.itl_ms is not None:
        mean_s = row.itl_ms / MS_PER_S
    else:
        notes += ("mean ITL bounded by concurrency over throughput",)
    factor = 1.0
    if slo.itl_s is not None:
        factor = itl_ratio(row=row, deployment=deployment, load=load, asked=slo.itl_percentile)
    if factor > 1.0:
        notes += (f"ITL p{slo.itl_percentile} assumed {factor:.2f} times the mean",)
    return mean_s, mean_s * factor, notes


def judged(
    *, row: Throughput, output_tok_per_s: float, load: Load, slo: Slo, deployment: Deployment | None = None
) -> Point:
    """Put a measured row's latencies at the targets' percentiles and hold them against the targets.

    A higher measured percentile judges a lower target as it is. A lower one is multiplied by what the model of
    ``deployment`` says of the two (``ttft_ratio``, ``itl_ratio``); without a model by assumed factors.
    """
    ttft_s, ttft_notes = _ttft(row=row, load=load, slo=slo, deployment=deployment)
    mean_itl_s, itl_s, itl_notes = _itl(
        row=row, output_tok_per_s=output_tok_per_s, load=load, slo=slo, deployment=deployment
    )
    waves = max(1.0, float(load.n_samples) / row.concurrency)
    e2e_s = None if ttft_s is None else ttft_s + (float(load.output_tok) - 1.0) * mean_itl_s * waves
    reasons = missed(slo=slo, ttft_s=ttft_s, itl_s=itl_s, e2e_s=e2e_s)
    return Point(row, output_tok_per_s, ttft_s, mean_itl_s, itl_s, e2e_s, reasons, ttft_notes + itl_notes)


def _length_note(*, row: Throughput, load: Load, is_scaled: bool) -> tuple[str, ...]:
    if length_distance(row=row, load=load) <= 1.0 + SAME_LENGTH_FRAC:
        return ()
    lengths = f"measured at {row.input_tok:g} in, {row.output_tok:g} out"
    note = f"{lengths}; the load has {load.input_tok:g} in, {load.output_tok:g} out"
    longer = float(load.input_tok) > row.input_tok * (1.0 + SAME_LENGTH_FRAC)
    told = ": scaled by what the model predicts at both" if is_scaled else ": longer prompts lower the rate"
    return (note + (told if is_scaled or longer else ""),)


def _none_met(*, lightest: Point) -> tuple[str, ...]:
    """Why no point will do: the misses of the lightest-loaded, which has the best latencies."""
    at = lightest.row.concurrency
    return tuple(
        f"no measured point meets the targets: at concurrency {at}, the lightest, {text}" for text in lightest.missed
    )


def _reading(point: Point) -> Reading:
    return Reading(float(point.row.concurrency), point.output_tok_per_s, point.ttft_s, point.itl_s, point.e2e_s)


def _interpolated(*, chosen: Point, points: Sequence[Point], slo: Slo) -> tuple[Reading, tuple[str, ...]]:
    """As far towards the next denser point of the same tests as the limits allow; the chosen point where not at all."""
    low, limits = _reading(chosen), Limits(slo.ttft_s, slo.itl_s, slo.deadline_s)
    denser = [
        point
        for point in points
        if point.row.concurrency > chosen.row.concurrency and _same_tests(point.row, chosen.row)
    ]
    if not denser:
        return low, ()
    nearest = min(denser, key=lambda point: point.row.concurrency)
    found = between(low=low, high=_reading(nearest), limits=limits)
    if found is None:
        return low, ()
    ends = f"{chosen.row.concurrency} and {nearest.row.concurrency}"
    return found, (f"interpolated at concurrency {found.concurrency:.3g} between the measured {ends}, log-log",)


def _same_tests(one: Throughput, other: Throughput) -> bool:
    """Whether two rows are of one publisher, engine and, where both say so, engine version."""
    publishers = {row.source.partition(" ")[0].partition("@")[0] for row in (one, other)}
    versions = {row.engine_version for row in (one, other)} - {""}
    return len(publishers) == 1 and one.engine == other.engine and len(versions) <= 1


def mean_frac(*, n_seqs: Num, load: Load, slo: Slo) -> Num:
    """Share of a point's load that bursts leave room for: N / C with N + z sqrt(v (c_a^2 - 1) N) = C; 1 for Poisson.

    Measured points are taken to hold under Poisson arrivals, so only what bursts add is kept free.
    """
    if not slo.interactive:
        return 1.0
    spread = burst_spread(arrival_scv=load.arrival_scv)
    share: Num = mean_seqs(most_seqs=n_seqs, spread=spread, percentile=slo.percentile) / n_seqs
    return np.where(np.asarray(spread) > 0.0, share, 1.0)[()]


def from_points(
    *, rows: Sequence[Throughput], load: Load, slo: Slo, is_scaled: bool = False, interpolate: bool = False,
    deployment: Deployment | None = None,
) -> Capacity:  # fmt: skip
    """Highest measured throughput whose latencies keep every target; req/s = output tok/s over output tokens.

    With ``interpolate``, between the best point and the next denser one as far as the targets allow, log-log; never
    beyond a point. ``rows`` are the operating points of one deployment with a throughput each, at least one
    (``matching_points``), ``is_scaled`` where the model has brought them to the load's lengths. ``deployment`` is the
    model's, None where it is not asked.
    """
    points = _judged_all(rows, load, slo, deployment)
    met = [point for point in points if not point.missed]
    lightest = min(points, key=lambda point: point.row.concurrency)
    chosen = max(met, key=lambda point: point.output_tok_per_s, default=lightest)
    row = chosen.row
    found, how = _interpolated(chosen=chosen, points=points, slo=slo) if met and interpolate else (_reading(chosen), ())
    free = float(mean_frac(n_seqs=found.concurrency, load=load, slo=slo))
    rate = found.output_tok_per_s * free if met else 0.0
    is_largest = row.concurrency == max(point.row.concurrency for point in points)
    basis: Basis = "interpolated" if how else "measured"
    return Capacity(
        req_per_s=rate / float(load.request_output_tok),
        concurrency=found.concurrency * free,
        output_tok_per_s=rate,
        ttft_s=found.ttft_s,
        itl_s=found.itl_s,
        e2e_s=found.e2e_s,
        binding=LARGEST if is_largest else "latency" if slo.interactive else "throughput",
        basis=SCALED[basis] if is_scaled else basis,
        band_low_frac=MEASURED_BAND[0],
        band_high_frac=MEASURED_BAND[1],
        busy_w=row.busy_w,
        reasons=() if met else _none_met(lightest=lightest),
        notes=(
            *((row.source,) if row.is_local else ()), *how, *chosen.notes,
            *_length_note(row=row, load=load, is_scaled=is_scaled), *_burst_note(free, load),
        ),
        source=row.source,
        as_of=row.as_of,
        kind=row.kind,
    )  # fmt: skip


def _judged_all(rows: Sequence[Throughput], load: Load, slo: Slo, deployment: Deployment | None) -> list[Point]:
    return [
        judged(row=row, output_tok_per_s=row.output_tok_per_s, load=load, slo=slo, deployment=deployment)
        for row in rows
        if row.output_tok_per_s is not None
    ]


def _burst_note(free_frac: float, load: Load) -> tuple[str, ...]:
    told = f"bursty arrivals, c_a^2 = {float(load.arrival_scv):.3g}: on average {free_frac:.0%} of the measured load"
    return (told,) if free_frac < 1.0 else ()
