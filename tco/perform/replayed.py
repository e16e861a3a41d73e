"""A machine option sized on the workload's trace: the replicas that keep the limits for enough of its requests."""

from __future__ import annotations

from dataclasses import replace

from tco.describe.option import MachineOption
from tco.describe.trace import Trace
from tco.perform.load import Load, Slo
from tco.perform.size import Sized, size, size_for
from tco.perform.trace import Needed, Replayed, busiest, needed


def size_on(option: MachineOption, load: Load, slos: tuple[Slo, ...], trace: Trace | None) -> Sized:
    """``size``, with ``peak_factor`` from replaying the trace where there is one and latencies matter.

    The factor is the replicas the replay needs over the peak rate divided by the capacity of a replica.
    """
    sized = size(option, load, slos)
    if trace is None or sized.capacity.req_per_s <= 0 or sized.curve is None or not slos[0].interactive:
        return sized
    found = []
    for slo in slos:
        curve = size_for(option, load, slo).curve
        assert curve is not None  # the same option has one under every limit
        found.append((slo, needed(trace=trace, curve=curve(), slo=slo)))
    missed = next(((slo, each) for slo, each in found if each.per_stream is None), None)
    if missed is not None:
        why = f"on the trace {trace.name}, however many replicas: {_shares(*missed)}"
        return replace(sized, capacity=replace(sized.capacity, req_per_s=0.0, reasons=(why,)))
    slo, most = max(found, key=lambda pair: pair[1].per_stream or 0.0)
    assert most.per_stream is not None
    factor = most.per_stream * sized.capacity.req_per_s / (trace.req_per_s * trace.burst_ratio)
    note = (
        f"replayed {len(busiest(trace).at_s):,} requests of {trace.name}: {_shares(slo, most)}, "
        f"with {factor:.3g} times the replicas that the peak over a request's stay would take"
    )
    capacity = replace(sized.capacity, notes=(*sized.capacity.notes, note))
    return replace(sized, peak_factor=factor, is_replayed=True, capacity=capacity)


def _shares(slo: Slo, found: Needed) -> str:
    held: Replayed = found.replayed
    limits = (
        (held.ttft_frac, "the TTFT limit", slo.ttft_s), (held.itl_frac, "the ITL limit", slo.itl_s),
        (held.deadline_frac, "the deadline", slo.deadline_s),
    )  # fmt: skip
    return ", ".join(f"{share:.1%} keep {name}" for share, name, limit in limits if limit is not None)
