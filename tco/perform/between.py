"""Between two measured operating points, and at other lengths than measured: said openly, never beyond the points."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tco.describe.hardware import Throughput
from tco.perform.arrivals import Percentile
from tco.perform.batching import Batch, batch, itl_at, max_concurrency, ttft_at
from tco.perform.deployment import Deployment
from tco.perform.load import Load
from tco.units import MS_PER_S

# Percentiles of an exponential time over its mean, ln(1 / (1 - p)); 50 stands for the mean.
OF_MEAN: dict[Percentile, float] = {50: 1.0, 95: float(np.log(20.0)), 99: float(np.log(100.0))}
ITL_OVER_MEAN: dict[Percentile, float] = {50: 1.0, 95: 1.25, 99: 1.5}  # assumed


@dataclass(frozen=True, slots=True)
class Reading:
    """A replica at some concurrency: latencies at the targets' percentiles, None where unknown."""

    concurrency: float
    output_tok_per_s: float
    ttft_s: float | None
    itl_s: float
    e2e_s: float | None


@dataclass(frozen=True, slots=True)
class Limits:
    """The latency limits in seconds; None is none."""

    ttft_s: float | None = None
    itl_s: float | None = None
    e2e_s: float | None = None


def between(*, low: Reading, high: Reading, limits: Limits) -> Reading | None:
    """The highest concurrency between two points whose latencies keep every limit; None where that gains nothing.

    Log-log: y = y_0^(1-t) y_1^t with t = ln(C/C_0) / ln(C_1/C_0), so a straight line on log paper through both
    points. Latencies never fall on the way. ``low`` keeps the limits. A limit on what ``high`` does not know
    allows nothing.
    """
    if not (low.concurrency < high.concurrency and low.output_tok_per_s < high.output_tok_per_s):
        return None
    shares = [
        _share(getattr(low, name), getattr(high, name), limit)
        for name in ("ttft_s", "itl_s", "e2e_s")
        if (limit := getattr(limits, name)) is not None
    ]
    share = min(shares, default=1.0)
    return at_share(low=low, high=high, share=share) if share > 0.0 else None


def at_share(*, low: Reading, high: Reading, share: float) -> Reading:
    """The point a share of the way, 0 to 1, on log paper."""

    def latency(first: float | None, last: float | None) -> float | None:
        return None if first is None or last is None else _on_line(first, max(first, last), share)

    itl_s = latency(low.itl_s, high.itl_s)
    assert itl_s is not None
    return Reading(
        concurrency=_on_line(low.concurrency, high.concurrency, share),
        output_tok_per_s=_on_line(low.output_tok_per_s, high.output_tok_per_s, share),
        ttft_s=latency(low.ttft_s, high.ttft_s),
        itl_s=itl_s,
        e2e_s=latency(low.e2e_s, high.e2e_s),
    )


def _on_line(first: float, last: float, share: float) -> float:
    return float(first * (last / first) ** share)


def _share(first: float | None, last: float | None, limit: float) -> float:
    """Share of the way at which a rising latency reaches its limit: ln(limit/first) / ln(last/first), in 0..1."""
    if first is None or last is None or first > limit:
        return 0.0
    return 1.0 if last <= limit else float(np.log(limit / first) / np.log(last / first))


def scaled(*, row: Throughput, deployment: Deployment, load: Load) -> Throughput:
    """A measured row at the load's lengths: each number times what the model predicts there over what it does here.

    Both predictions at the row's concurrency, or at the most the memory holds. The row's lengths stay, as its origin.
    """
    there = _predicted(row, deployment, Load(load.input_tok, load.output_tok, load.cached_input_frac))
    here = _predicted(row, deployment, Load(row.input_tok, row.output_tok))
    rate = float(there.req_per_s * load.output_tok) / float(here.req_per_s * row.output_tok)
    changed = {"output_tok_per_s": None if row.output_tok_per_s is None else row.output_tok_per_s * rate}
    for name, ratio in (("ttft_ms", there.ttft_s / here.ttft_s), ("itl_ms", there.itl_s / here.itl_s)):
        held = getattr(row, name)
        changed[name] = None if held is None else held * float(ratio)
    return row.model_copy(update=changed)


def with_ttft(*, row: Throughput, deployment: Deployment, load: Load) -> Throughput:
    """The row with the mean TTFT the model predicts at its concurrency, where nobody measured one."""
    if row.ttft_ms is not None:
        return row
    ttft_s = float(_predicted(row, deployment, replace(load, n_samples=1.0)).ttft_s)
    return row.model_copy(update={"ttft_ms": ttft_s * MS_PER_S, "ttft_stat": "mean"})


def ttft_ratio(
    *, row: Throughput, deployment: Deployment | None, load: Load, own: Percentile, asked: Percentile
) -> float:
    """TTFT at one percentile over that at another: the model's at the row's concurrency and the load's lengths.

    Without a model all of the TTFT is taken to be a wait, exponential as the model's: ln(1 - p) over ln(1 - q), 1 for
    the mean. That is at least what the model says unless few requests wait long.
    """
    if deployment is None:
        return OF_MEAN[asked] / OF_MEAN[own]
    state = _predicted(row, deployment, replace(load, n_samples=1.0))
    return float(ttft_at(state=state, percentile=asked)) / float(ttft_at(state=state, percentile=own))


def itl_ratio(*, row: Throughput, deployment: Deployment | None, load: Load, asked: Percentile) -> float:
    """ITL at a percentile over the mean, at least 1: the model's as in ``ttft_ratio``, assumed without a model."""
    if deployment is None:
        return ITL_OVER_MEAN[asked]
    state = _predicted(row, deployment, replace(load, n_samples=1.0))
    return max(float(itl_at(state=state, percentile=asked)) / float(state.itl_s), 1.0)


def _predicted(row: Throughput, deployment: Deployment, load: Load) -> Batch:
    most = max(float(max_concurrency(deployment=deployment, load=load)), 1.0)
    return batch(deployment=deployment, load=load, n_seqs=min(float(row.concurrency), most))


def widened(
    *, band: tuple[float, float], model: tuple[float, float], length_ratio: float, length_factor: float
) -> tuple[float, float]:
    """p10 and p90 of a scaled row: those of a measurement and a part of the model's, as independent errors.

    ln q = -+ sqrt(ln^2 m + (s ln p)^2), s = ln(ratio) / ln(factor): the whole of the model's at the factor.
    """
    part = np.log(length_ratio) / np.log(length_factor)
    low, high = (float(np.hypot(np.log(own), part * np.log(other))) for own, other in zip(band, model, strict=True))
    return float(np.exp(-low)), float(np.exp(high))
