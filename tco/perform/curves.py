"""What a replica does at each number of running requests: predicted, or read between measured points."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tco.describe.hardware import Throughput
from tco.perform.batching import Batch, batch, itl_at, max_concurrency
from tco.perform.deployment import Deployment
from tco.perform.disaggregate import prefill_s
from tco.perform.load import Load, Slo
from tco.perform.points import judged
from tco.perform.solve import EXPONENTS, MAX_BUSY_FRAC
from tco.perform.trace import Curve


def predicted_curve(*, deployment: Deployment, load: Load, slo: Slo, state_at: Callable[..., Batch] = batch) -> Curve:
    """The step-time model on 24 log-spaced batches, at most 80% of its saturation rate; one scalar deployment."""
    most = max(float(max_concurrency(deployment=deployment, load=load)), 1.0)
    grid = most**EXPONENTS
    state = state_at(deployment=deployment, load=load, n_seqs=grid)

    def column(values: object) -> np.ndarray:
        return np.broadcast_to(np.asarray(values, dtype=np.float64), grid.shape)

    return Curve(
        n_req=grid * float(deployment.n_batches) / float(load.n_samples),
        ttft_s=column(state.own_ttft_s),
        itl_s=column(itl_at(state=state, percentile=slo.itl_percentile)),
        decode_s=column(state.e2e_s - state.ttft_s),
        prompt_s=float(prefill_s(deployment=deployment, load=load)[1]),
        most_req_per_s=MAX_BUSY_FRAC * float(np.max(state.req_per_s) * deployment.n_batches),
        plain_itl_s=column(state.decode_step_s),
        late_itl_s=column(np.maximum(state.prefill_step_s, state.itl_s)),
        late_frac=column(state.prefill_step_share),
    )


def joined(*, low: Curve, high: Curve) -> Curve:
    """A curve up to its end, another beyond it; latencies never fall, and the most is the larger of the two."""
    after = high.n_req > low.n_req[-1]

    def both(first: np.ndarray, then: np.ndarray) -> np.ndarray:
        return np.maximum.accumulate(np.concatenate([first, then[after]]))

    return Curve(
        n_req=both(low.n_req, high.n_req),
        ttft_s=both(low.ttft_s, high.ttft_s),
        itl_s=both(low.itl_s, high.itl_s),
        decode_s=both(low.decode_s, high.decode_s),
        prompt_s=high.prompt_s,
        most_req_per_s=max(low.most_req_per_s, high.most_req_per_s),
    )


def points_curve(
    *, rows: Sequence[Throughput], load: Load, slo: Slo, prompt_s: float = 0.0, deployment: Deployment | None = None
) -> Curve:
    """Measured points by concurrency, the fastest of each; a TTFT nobody measured is what Little's law leaves.

    C / X is the whole stay; what its decoding does not take, it waited for the first token.
    """
    fastest: dict[int, tuple[float, float, float, float]] = {}
    for row in rows:
        if row.output_tok_per_s is None:
            continue
        point = judged(row=row, output_tok_per_s=row.output_tok_per_s, load=load, slo=slo, deployment=deployment)
        stay_s = row.concurrency * float(load.request_output_tok) / row.output_tok_per_s
        waves = max(float(load.n_samples) / row.concurrency, 1.0)  # fewer slots than samples
        decode_s = (float(load.output_tok) - 1.0) * point.mean_itl_s * waves
        ttft_s = max(stay_s - decode_s, 0.0) if point.ttft_s is None else point.ttft_s
        rate = row.output_tok_per_s / float(load.request_output_tok)
        held = fastest.get(row.concurrency)
        if held is None or rate > held[3]:
            fastest[row.concurrency] = (ttft_s, point.itl_s, decode_s, rate)
    n_seqs = np.array(sorted(fastest), dtype=np.float64)
    columns = np.array([fastest[int(count)] for count in n_seqs]).T
    ttft, itl, decode = (np.maximum.accumulate(column) for column in columns[:3])
    return Curve(n_seqs / float(load.n_samples), ttft, itl, decode, prompt_s, float(columns[3].max()))


def serial_curve(*, request_s: float, ttft_s: float, itl_s: float) -> Curve:
    """One request at a time."""
    one = np.ones(1)
    return Curve(one, one * ttft_s, one * itl_s, one * (request_s - ttft_s), ttft_s, 1.0 / request_s)
