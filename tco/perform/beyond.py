"""Beyond the largest measured concurrency: the model scaled to pass through the measured point, a prediction."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tco.describe.hardware import Hardware, Throughput
from tco.perform import constants
from tco.perform.batching import Batch, batch, itl_at, max_concurrency, ttft_at
from tco.perform.capacity import Capacity, predicted
from tco.perform.deployment import Deployment
from tco.perform.load import Load, Slo
from tco.perform.points import MEASURED_BAND, Point, judged
from tco.units import Num

CLEARLY_MORE = MEASURED_BAND[1]  # a gain that could be an error of the measurement itself is none


@dataclass(frozen=True, slots=True)
class Anchor:
    """Measured over predicted at one operating point; ``late_itl`` is of the ITL at the target's percentile."""

    rate: float
    ttft: float
    itl: float
    late_itl: float

    def batch(self, *, deployment: Deployment, load: Load, n_seqs: Num) -> Batch:
        """``batching.batch`` times the ratios, never faster than the roofline (``at_peak``) allows."""
        state = batch(deployment=deployment, load=load, n_seqs=n_seqs)
        best = batch(deployment=at_peak(deployment), load=load, n_seqs=n_seqs)
        ttft_s = np.maximum(self.ttft * state.ttft_s, best.ttft_s)
        after_s = np.maximum(self.itl * (state.e2e_s - state.ttft_s), best.e2e_s - best.ttft_s)
        return Batch(
            ttft_s=ttft_s,
            own_ttft_s=np.maximum(self.ttft * state.own_ttft_s, best.own_ttft_s),
            reading_frac=state.reading_frac,
            itl_s=np.maximum(self.itl * state.itl_s, best.itl_s),
            decode_step_s=np.maximum(self.late_itl * state.decode_step_s, best.decode_step_s),
            prefill_step_s=np.maximum(self.late_itl * state.prefill_step_s, best.prefill_step_s),
            prefill_step_share=state.prefill_step_share,
            e2e_s=ttft_s + after_s,
            req_per_s=np.minimum(self.rate * state.req_per_s, best.req_per_s),
        )


def at_peak(deployment: Deployment) -> Deployment:
    """The roofline: weights and caches read and products computed at the peak where one is known, no overheads."""

    def peak(known: Num, own: Num) -> Num:
        return np.where(np.isinf(known), own, np.maximum(known, own))

    return replace(
        deployment,
        bytes_per_s=peak(deployment.peak_bytes_per_s, deployment.bytes_per_s),
        kv_bytes_per_s=peak(deployment.peak_bytes_per_s, deployment.kv_bytes_per_s),
        flop_per_s=peak(deployment.peak_flop_per_s, deployment.flop_per_s),
        p_norm=np.inf, all_reduce_s=0.0, all_reduce_s_per_tok=0.0, overhead_s=0.0, overhead_s_per_seq=0.0,
        moe_overhead_s=0.0, step_overhead_s=0.0, frontend_s=0.0, pad_tok=0.0,
        prefill_cost=np.minimum(deployment.prefill_cost, 1.0),
    )  # fmt: skip


def anchor(*, point: Point, deployment: Deployment, load: Load, slo: Slo) -> Anchor:
    """Measured over predicted at a point's concurrency and the load's lengths; 1 for a TTFT nobody measured."""
    state = batch(deployment=deployment, load=load, n_seqs=point.row.concurrency / deployment.n_batches)
    late = slo.itl_percentile if slo.itl_s is not None else 50
    first = slo.ttft_percentile if slo.ttft_s is not None else 50
    tok_per_s = float(state.req_per_s * deployment.n_batches) * float(load.request_output_tok)
    return Anchor(
        rate=point.output_tok_per_s / tok_per_s,
        ttft=1.0 if point.ttft_s is None else point.ttft_s / float(ttft_at(state=state, percentile=first)),
        itl=point.mean_itl_s / float(state.itl_s),
        late_itl=point.itl_s / float(itl_at(state=state, percentile=late)),
    )


def densest(*, rows: Sequence[Throughput], deployment: Deployment, load: Load, slo: Slo) -> Point:
    """The fastest point that keeps every target among those of the largest measured concurrency; there is one."""
    most = max(row.concurrency for row in rows if row.output_tok_per_s is not None)
    points = [
        judged(row=row, output_tok_per_s=row.output_tok_per_s, load=load, slo=slo, deployment=deployment)
        for row in rows
        if row.output_tok_per_s is not None and row.concurrency == most
    ]
    return max((point for point in points if not point.missed), key=lambda point: point.output_tok_per_s)


def beyond(
    *, measured: Capacity, point: Point, by: Anchor, deployment: Deployment, load: Load, slo: Slo, hardware: Hardware
) -> Capacity | None:
    """What the scaled model says above the densest measured point; None where that is not clearly more.

    Clearly more is beyond the p90 of the measurement itself. A prediction in band and kind, and like every prediction
    it stays below 80% of saturation under a limit, leaves a slot free, and holds at most what the memory does.
    """
    most = float(max_concurrency(deployment=deployment, load=load) * deployment.n_batches)
    if point.row.concurrency >= most:
        return None
    found = predicted(deployment=deployment, load=load, slo=slo, hardware=hardware, state_at=by.batch)
    if found.reasons or found.req_per_s <= CLEARLY_MORE * measured.req_per_s:
        return None
    row = point.row
    scales = f"speed x{by.rate:.2f}, TTFT x{by.ttft:.2f}, ITL x{by.itl:.2f}"
    told = (
        f"measured up to concurrency {row.concurrency} ({point.output_tok_per_s:,.4g} output tok/s); beyond it the "
        f"model scaled to that point ({scales}): measure at concurrency {math.ceil(found.concurrency)} to know"
    )
    return replace(
        found,
        basis="predicted from a measurement",
        notes=(told, *measured.notes, *found.notes),
        source=f"{constants.SOURCE}, scaled to {row.source}",
        as_of=min(row.as_of, constants.AS_OF),
    )
