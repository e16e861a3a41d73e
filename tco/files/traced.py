"""A trace put to work: lengths, peak and bursts measured on it take the place of what the workload would assume."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tco.describe.record import Figure
from tco.describe.scenario import Scenario
from tco.describe.trace import DAY_S, WEEK_S, Array, Trace
from tco.describe.workload import Workload
from tco.errors import InvalidInputError, Problem
from tco.files.marks import Document
from tco.files.trace import read_trace
from tco.units import S_PER_H, S_PER_MONTH

FIRST_TOKEN_S, TOKEN_S = 1.0, 0.05  # of a request's stay where no limit is stated (assumed)
SAME_FRAC, SAME_RATE_RATIO = 0.10, 3.0
LENGTHS = ("input", "output")
TWICE = {
    "burstiness": "got a trace and a stated burstiness; drop demand.burstiness, the recorded bursts would count twice",
    "peak_to_mean": (
        "got a trace of a day or more and a stated peak factor; drop demand.peak_to_mean, the trace measures it"
    ),
}
MEASURED = "trace"  # what ``tokens.input`` and ``tokens.output`` say to take the trace's mean


@dataclass(frozen=True, slots=True)
class Beside:
    """The trace a workload names, or the problems of reading it."""

    trace: Trace | None = None
    problems: tuple[Problem, ...] = ()


def beside(document: Document) -> Beside:
    """Read ``demand.trace``, a file beside the workload; its mean lengths go where ``tokens`` say ``trace``."""
    demand, held = document.data.get("demand"), document.data.get("tokens")
    name = demand.get("trace") if isinstance(demand, dict) else None
    if not isinstance(name, str):
        return Beside()
    tokens: dict[str, Any] = held if isinstance(held, dict) else {}
    wanted = [key for key in LENGTHS if tokens.get(key) == MEASURED]
    try:
        trace = read_trace(Path(document.path).parent / name)
        lacking = [key for key in wanted if _lengths(trace, key) is None]
        problems = tuple(
            document.problem(("tokens", key), f"got trace, but {name} has no column of {key} tokens; state a number")
            for key in lacking
        )
    except InvalidInputError as error:
        trace = None
        problems = tuple(  # of the whole file, such as that there is none: where the workload names it
            each if each.line else document.problem(("demand", "trace"), f"{each.path}: {each.message}")
            for each in error.problems
        )
    for key in wanted:
        lengths = _lengths(trace, key) if trace else None
        mean = 1.0 if lengths is None else float(np.mean(lengths))
        tokens[key] = {"value": mean, "source": f"{name}: mean of the trace", "kind": "measured"}
    return Beside(None if problems else trace, problems)


def measured(held: Beside, document: Document, workload: Workload) -> tuple[Workload, Trace | None]:
    """The workload with peak and spread of lengths measured on the trace, and the trace with the stay as its window.

    A trace shorter than a day knows bursts but no day: its factor multiplies ``demand.peak_to_mean``. Raises
    InvalidInputError when the trace cannot be read, or the workload states what it measures: bursts, and of a longer
    one the peak.
    """
    if held.problems:
        raise InvalidInputError(list(held.problems))
    if held.trace is None:
        return workload, None
    trace, demand = replace(held.trace, window_s=stay_s(workload)), workload.demand
    is_short = trace.span_s < DAY_S
    twice = [name for name in demand.model_fields_set if name in TWICE and not (name == "peak_to_mean" and is_short)]
    if twice:
        raise InvalidInputError([document.problem(("demand", name), TWICE[name]) for name in sorted(twice)])
    changed = {"peak_to_mean": _peak(trace, demand.peak_to_mean, is_short), "burstiness": _burstiness(trace)}
    found = workload.model_copy(
        update={"demand": demand.model_copy(update=changed), "tokens": _tokens(trace, workload)}
    )
    return found, trace


def stay_s(workload: Workload) -> float:
    """How long a request stays: by the limits on first and further tokens, else 1 s and 50 ms; at most the deadline.

    A deadline alone is the stay.
    """
    slo = workload.slo
    first, each = slo.ttft_p95 or slo.ttft_p99, slo.itl_p95 or slo.itl_p99
    if slo.deadline and not (first or each):
        return slo.deadline.value
    found = (first.value if first else FIRST_TOKEN_S) + _generated(workload) * (each.value if each else TOKEN_S)
    return min(found, slo.deadline.value) if slo.deadline else found


def _peak(trace: Trace, stated: Figure, is_short: bool) -> Figure:
    told = f"busiest {trace.window_s:.3g} s over the mean in {trace.name}"
    if not is_short:
        return Figure(value=trace.burst_ratio, unit="ratio", source=f"{told}, a request's stay", kind="measured")
    scaled = {key: None if (part := getattr(stated, key)) is None else part * trace.burst_ratio for key in RANGE}
    source = f"{stated.source or 'stated in the workload'}; times {trace.burst_ratio:.3g}, the {told}"
    return stated.model_copy(update={**scaled, "source": source})


RANGE = ("value", "low", "high")


def _burstiness(trace: Trace) -> Figure:
    """Poisson within the busiest window: the bursts are in the peak factor, and would count twice."""
    scv = trace.arrival_scv
    told = "too short to tell c_a^2" if scv is None else f"c_a^2 = {scv:.3g} over {trace.window_s:.3g} s"
    return Figure(value=1.0, unit="ratio", source=f"{trace.name}: {told}; its bursts are in the peak", kind="measured")


def _tokens(trace: Trace, workload: Workload) -> Any:
    measures = {"output_scv": (trace.output_scv, "ratio"), "input_bias": (trace.input_bias_frac, "frac")}
    found = {
        name: Figure(value=value, unit=unit, source=f"{trace.name}: measured", kind="measured")
        for name, (value, unit) in measures.items()
        if value is not None and name not in workload.tokens.model_fields_set
    }
    return workload.tokens.model_copy(update=found)


def traced(scenario: Scenario, trace: Trace | None) -> Scenario:
    """The scenario with its trace, and with what that cannot tell among its warnings."""
    if trace is None:
        return scenario
    return replace(scenario, trace=trace, warnings=(*warnings(trace, scenario.workload), *scenario.warnings))


def warnings(trace: Trace, workload: Workload) -> Iterator[str]:
    """What the trace cannot tell, and where it and the workload differ."""
    length = f"{trace.span_s / S_PER_H:.3g} hours" if trace.span_s < 2 * DAY_S else f"{trace.span_s / DAY_S:.3g} days"
    if trace.span_s < DAY_S:
        peak = workload.demand.peak_to_mean
        yield (
            f"the trace {trace.name} covers {length}: it tells bursts, not the peak of a day or a week; "
            f"demand.peak_to_mean is taken as {peak.value:.3g}: {peak.source.removeprefix('default: ')}"
        )
    elif trace.span_s < WEEK_S:
        yield f"the trace {trace.name} covers {length}: it cannot tell the peak of a week"
    rate = workload.demand.requests.value / S_PER_MONTH * workload.demand.peak_to_mean.value / trace.burst_ratio
    scale = rate / trace.req_per_s
    if not 1.0 / SAME_RATE_RATIO <= scale <= SAME_RATE_RATIO:
        yield (
            f"the trace {trace.name} is scaled {scale:.3g} times to the workload's requests: its bursts are taken to "
            "grow and shrink with it"
        )
    for key, stated in (("input", workload.tokens.input.value), ("output", _generated(workload))):
        lengths = _lengths(trace, key)
        if lengths is not None and abs(float(np.mean(lengths)) / max(stated, 1.0) - 1.0) > SAME_FRAC:
            yield (
                f"{trace.name} has {np.mean(lengths):.4g} {key} tokens on average, the workload states {stated:.4g}: "
                f"the trace gives their spread, the workload their mean; `tokens.{key}: trace` takes the trace's"
            )


def _generated(workload: Workload) -> float:
    return workload.tokens.output.value + workload.tokens.reasoning.value


def _lengths(trace: Trace, key: str) -> Array | None:
    return trace.input_tok if key == "input" else trace.output_tok
