"""A trace replayed against N replicas: who waits, how long, and how many replicas keep the limits for enough of them.

The replay is a fluid one. ``x`` is the replicas for each recorded stream of requests: N replicas that serve k times
the trace are x = N / k. So one replay serves every volume, and the number needed grows in proportion to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from tco.describe.trace import Trace
from tco.perform.load import Slo

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float64]
else:
    Array = object

N_ROUNDS = 3  # of stays and batches, from the batch of an even load
N_STEPS = 12  # bisections of the number of replicas, to 0.1%
MOST_OVER_LEAST = 64.0  # replicas tried, as multiples of those that just carry the mean rate
MAX_REPLAYED = 50_000  # of a longer trace the busiest stretch of so many requests is replayed


@dataclass(frozen=True, slots=True)
class Curve:
    """A replica with n requests running, all their samples with them: latencies at each n, in seconds, and its most.

    ``ttft_s`` is without waiting for other prompts or a slot; ``prompt_s`` is the time a prompt takes of the replica
    when prompts come in a row. ``decode_s`` is from the first to the last token. ``itl_s`` is a percentile of the times
    between tokens; ``plain_itl_s`` is that of a step without a prompt and ``late_itl_s`` that of the share
    ``late_frac`` that waits for one, where they are known apart.
    """

    n_req: Array
    ttft_s: Array
    itl_s: Array
    decode_s: Array
    prompt_s: float
    most_req_per_s: float
    plain_itl_s: Array | None = None
    late_itl_s: Array | None = None
    late_frac: Array | None = None

    def at(self, values: Array, n_req: Array) -> Array:
        """Values at other numbers of requests, linear in between, the ends outside."""
        found: Array = np.interp(n_req, self.n_req, values)
        return found

    def itl_frac(self, n_req: Array, limit_s: float | None) -> float:
        """Share of the times between tokens that keep a limit, of requests in such batches; else of the requests."""
        if limit_s is None:
            return 1.0
        if self.plain_itl_s is None or self.late_itl_s is None or self.late_frac is None:
            return _share(self.at(self.itl_s, n_req), limit_s)
        late = self.at(self.late_frac, n_req) * (self.at(self.late_itl_s, n_req) > limit_s)
        return float(np.mean(np.where(self.at(self.plain_itl_s, n_req) > limit_s, 0.0, 1.0 - late)))


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of the trace's requests: the share of them, or of the times between tokens, within each limit."""

    ttft_frac: float
    itl_frac: float
    deadline_frac: float

    def keeps(self, slo: Slo) -> bool:
        """Whether each limit holds for its share of the requests; a deadline for that of the TTFT."""
        wanted = slo.ttft_percentile / 100.0, slo.itl_percentile / 100.0, slo.percentile / 100.0
        return all(
            share >= least
            for share, least in zip((self.ttft_frac, self.itl_frac, self.deadline_frac), wanted, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Needed:
    """Replicas for each recorded stream that keep the limits, and the shares there; None where no number does."""

    per_stream: float | None
    replayed: Replayed


def queue_wait_s(*, at_s: Array, work_s: Array) -> Array:
    """Wait before one server, first come first served: W = S - min S, S the work so far less the time so far.

    Lindley's recursion W' = max(W + work - gap, 0) without its loop.
    """
    ahead = np.concatenate([[0.0], np.cumsum(work_s)[:-1]]) - (at_s - at_s[0])
    return np.asarray(ahead - np.minimum.accumulate(ahead))


def slot_wait_s(*, at_s: Array, n_slots: int, hold_s: float) -> Array:
    """Wait for one of c slots held for a fixed time: start = max(arrival, start of the c-th before + hold).

    Each of the c interleaved streams is a queue of its own: the running maximum of arrival - k hold, plus k hold.
    """
    n_rounds = -(-len(at_s) // n_slots)
    held = np.full(n_rounds * n_slots, np.inf)
    held[: len(at_s)] = at_s
    turns = np.arange(n_rounds)[:, None] * hold_s
    start = np.maximum.accumulate(held.reshape(n_rounds, n_slots) - turns, axis=0) + turns
    return np.asarray(np.maximum(start.ravel()[: len(at_s)] - at_s, 0.0))


def running(*, at_s: Array, stay_s: Array) -> Array:
    """Requests under way as each one comes, itself included: arrivals so far less departures so far."""
    gone = np.searchsorted(np.sort(at_s + stay_s), at_s, side="right").astype(np.float64)
    return np.arange(1.0, len(at_s) + 1.0) - gone


def mean_running(*, at_s: Array, stay_s: Array) -> Array:
    """Requests under way on average while each one stays, itself included: the integral of their number over the stay.

    The integral up to t is that of t less each arrival before it, less that of t less each departure before it.
    """
    order = np.argsort(at_s + stay_s)
    ended_s = (at_s + stay_s)[order]

    def past(events_s: Array, until_s: Array) -> Array:
        n_before = np.searchsorted(events_s, until_s, side="right")  # many times faster on times that rise
        return np.asarray(until_s * n_before - np.concatenate([[0.0], np.cumsum(events_s)])[n_before])

    found = np.empty(len(at_s))
    found[order] = past(at_s, ended_s) - past(ended_s, ended_s)
    found -= past(at_s, at_s) - past(ended_s, at_s)
    return found / stay_s


def steady_batch(*, curve: Curve, req_per_s: float) -> float:
    """Batch of a replica at an even rate: Little's n = X stay(n), within the curve; where the replay starts from."""
    spare = curve.n_req - req_per_s * (curve.ttft_s + curve.decode_s)
    return float(np.interp(0.0, np.maximum.accumulate(spare), curve.n_req))


def replay(*, trace: Trace, curve: Curve, slo: Slo, per_stream: float) -> Replayed:
    """Shares of the requests within each limit with ``per_stream`` replicas for each recorded stream.

    A request's ITL and its time of decoding are those of the mean batch while it stays, as the capacity of a replica
    is that of its mean batch. Its TTFT is that of the batch it joins, with its own prompt, after the wait for prompts
    ahead of it and for a slot. Requests are spread evenly over the replicas.
    """
    prompts, answers = _relative(trace.input_tok, trace.at_s), _relative(trace.output_tok, trace.at_s)
    most = float(curve.n_req[-1])
    n_slots = max(int(most * per_stream), 1)
    wait = slot_wait_s(at_s=trace.at_s, n_slots=n_slots, hold_s=n_slots / (curve.most_req_per_s * per_stream))
    behind = queue_wait_s(at_s=trace.at_s, work_s=curve.prompt_s * prompts / per_stream)
    joined = mean = np.full(len(trace.at_s), steady_batch(curve=curve, req_per_s=trace.req_per_s / per_stream))
    for _ in range(N_ROUNDS):  # the stay depends on the batch, the batch on the stay
        stay = wait + behind + curve.at(curve.ttft_s, joined) + answers * curve.at(curve.decode_s, mean)
        under_way = running(at_s=trace.at_s, stay_s=stay), mean_running(at_s=trace.at_s, stay_s=stay)
        joined, mean = (np.clip(each / per_stream, min(1.0, most), most) for each in under_way)
    ttft = wait + behind + curve.at(curve.ttft_s, joined) + curve.prompt_s * np.maximum(prompts - 1.0, -1.0)
    e2e = ttft + answers * curve.at(curve.decode_s, mean)
    return Replayed(_share(ttft, slo.ttft_s), curve.itl_frac(mean, slo.itl_s), _share(e2e, slo.deadline_s))


def needed(*, trace: Trace, curve: Curve, slo: Slo) -> Needed:
    """Fewest replicas for each recorded stream that keep the limits, by bisection between the least and 64 times it.

    The least carries the mean rate. Where even the most does not do, the limits are missed by single requests, such
    as prompts too long to be read in time.
    """
    held = busiest(trace)
    least = held.req_per_s / curve.most_req_per_s
    most = least * MOST_OVER_LEAST * max(held.burst_ratio, 1.0)
    found = replay(trace=held, curve=curve, slo=slo, per_stream=most)
    if not found.keeps(slo):
        return Needed(None, found)
    low, high = np.log(least), np.log(most)
    for _ in range(N_STEPS):
        middle = (low + high) / 2.0
        tried = replay(trace=held, curve=curve, slo=slo, per_stream=float(np.exp(middle)))
        if tried.keeps(slo):
            high, found = middle, tried
        else:
            low = middle
    return Needed(float(np.exp(high)), found)


def busiest(trace: Trace) -> Trace:
    """The trace, or of a long one the stretch of 50,000 requests that took the least time."""
    if len(trace.at_s) <= MAX_REPLAYED:
        return trace
    took = trace.at_s[MAX_REPLAYED - 1 :] - trace.at_s[: 1 - MAX_REPLAYED]
    first = int(np.argmin(took))
    part = slice(first, first + MAX_REPLAYED)

    def cut(held: Array | None) -> Array | None:
        return None if held is None else held[part]

    return Trace(
        trace.name, trace.at_s[part] - trace.at_s[first], cut(trace.input_tok), cut(trace.output_tok), trace.window_s
    )


def _relative(lengths: Array | None, at_s: Array) -> Array:
    """Lengths over their mean; all alike where unknown."""
    return np.ones(len(at_s)) if lengths is None else lengths / np.mean(lengths)


def _share(latency_s: Array, limit_s: float | None) -> float:
    return 1.0 if limit_s is None else float(np.mean(latency_s <= limit_s))
