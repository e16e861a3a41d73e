"""From the requests of one level to its numbers. Failed requests are counted by name and enter no average."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from tco.bench.endpoint import steady
from tco.bench.endpoint.load import Load
from tco.bench.endpoint.sample import Sample
from tco.bench.endpoint.slo import Limit, Slo
from tco.bench.endpoint.steady import Window

Spread = dict[str, float]  # mean, p50, p90, p95, p99, min, max in seconds; empty where there is nothing
PERCENTILES = (50, 90, 95, 99)
MIN_KEPT_UP = 0.85


@dataclass(frozen=True, slots=True)
class Stats:
    """One level. Rates and latencies are of the steady state, unless ``window.reason`` says why there is none.

    TTFT: sent to first content. TPOT: (E2E - TTFT)/(n - 1). ITL: gaps between chunks, which are gaps between tokens
    where ``tok_per_chunk`` is 1. ``from_intended`` latencies begin when a request was meant to be sent.
    """

    n_asked: int
    n_ok: int
    failures: dict[str, int]
    examples: dict[str, str]
    window: Window | None = None
    n_steady: int = 0
    input_tok: float | None = None
    output_tok: float | None = None
    cached_tok: float | None = None  # a request's, None where the server does not tell
    is_estimated: bool = False
    n_short: int = 0  # answers that ended before the length asked for
    tok_per_chunk: float | None = None
    reads_per_chunk: float | None = None
    output_tok_per_s: float | None = None
    input_tok_per_s: float | None = None
    request_per_s: float | None = None
    goodput_request_per_s: float | None = None
    n_in_flight_mean: float | None = None
    n_in_flight_max: int | None = None
    latencies: dict[str, Spread] = field(default_factory=dict)
    kept_fracs: tuple[tuple[Limit, float], ...] = ()
    meets_slo: bool | None = None  # None without limits
    kept_up_ratio: float | None = None  # of an open loop


def stats(samples: Sequence[Sample], load: Load, slo: Slo) -> Stats:
    """The numbers of a level."""
    answered = [each for each in samples if each.is_ok]
    failed = [each for each in samples if not each.is_ok]
    counts = Counter(each.failure for each in failed)
    examples = {each.failure: each.detail for each in reversed(failed)}
    kept = tuple((limit, slo.kept_frac(limit, samples)) for limit in slo.limits) if samples else ()
    meets = slo.is_met(samples) if slo.limits else None
    base = {
        "n_asked": len(samples),
        "n_ok": len(answered),
        "failures": dict(counts.most_common()),
        "examples": examples,
    }
    if not answered:
        return Stats(**base, kept_fracs=kept, meets_slo=meets)  # type: ignore[arg-type]
    in_flight = steady.mean_in_flight(answered)
    held = steady.window(answered, n_in_flight=load.concurrency or in_flight)
    inside = [each for each in answered if held.holds(each)]
    n_tok = sum(steady.tokens_within(each, held) for each in answered)
    n_chunks = sum(each.n_chunks for each in answered)
    prompts = [each.prompt_tok for each in answered if each.prompt_tok is not None]
    cached = [each.cached_tok for each in answered if each.cached_tok is not None]
    input_tok = _mean(prompts)
    request_per_s = len(inside) / held.seconds
    return Stats(
        **base,  # type: ignore[arg-type]
        window=held, n_steady=len(inside), input_tok=input_tok, output_tok=_mean([each.n_tok for each in answered]),
        cached_tok=_mean(cached), is_estimated=any(each.is_estimated for each in answered),
        n_short=sum(each.n_tok < each.asked.output_tok for each in answered),
        tok_per_chunk=sum(each.n_tok for each in answered) / n_chunks,
        reads_per_chunk=sum(each.n_reads for each in answered) / n_chunks,
        output_tok_per_s=n_tok / held.seconds, request_per_s=request_per_s,
        input_tok_per_s=None if input_tok is None else input_tok * request_per_s,
        goodput_request_per_s=sum(slo.is_met_by(each) for each in inside) / held.seconds if slo.limits else None,
        n_in_flight_mean=in_flight, n_in_flight_max=steady.most_in_flight(answered),
        latencies=latencies(inside), kept_fracs=kept, meets_slo=meets,
        kept_up_ratio=kept_up_ratio(answered) if load.at_s else None,
    )  # fmt: skip


def latencies(answered: Sequence[Sample]) -> dict[str, Spread]:
    """Each latency's spread, in seconds."""
    gaps = [np.diff(np.frombuffer(each.stamps_s, dtype=np.float64)) for each in answered if each.n_chunks > 1]
    of: dict[str, Callable[[Sample], float | None]] = {
        "ttft": lambda each: each.ttft_s,
        "tpot": lambda each: each.tpot_s,
        "e2e": lambda each: each.e2e_s,
        "ttft_from_intended": lambda each: each.first_s - each.intended_s,
        "e2e_from_intended": lambda each: each.last_s - each.intended_s,
        "late_start": lambda each: each.sent_s - each.intended_s,
    }
    found = {name: [value for each in answered if (value := take(each)) is not None] for name, take in of.items()}
    return {
        **{name: spread(values) for name, values in found.items()},
        "itl": spread(np.concatenate(gaps) if gaps else ()),
    }


def spread(values: Sequence[float] | np.ndarray) -> Spread:
    """Mean, percentiles and ends; nothing for no values."""
    held = np.asarray(values, dtype=np.float64)
    if not held.size:
        return {}
    percentiles = np.percentile(held, PERCENTILES)
    named = {f"p{at}": float(value) for at, value in zip(PERCENTILES, percentiles, strict=True)}
    return {"mean": float(held.mean()), **named, "min": float(held.min()), "max": float(held.max())}


def kept_up_ratio(answered: Sequence[Sample]) -> float:
    """Whether an open loop's server kept up: the time its arrivals and one early answer take over the time all took.

    Near 1 when the queue did not grow; with arrivals at rate r to a server that does m < r it falls to m / r.
    """
    first_s, last_s = answered[0].intended_s, max(each.intended_s for each in answered)
    early = sorted(each.last_s - each.intended_s for each in answered[: max(len(answered) // 4, 1)])
    needed_s = last_s - first_s + early[len(early) // 2]
    return min(needed_s / (max(each.last_s for each in answered) - first_s), 1.0)


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
