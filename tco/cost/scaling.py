"""A fleet that follows the load: replica-hours that are up and paid for, and what a cold start costs in waiting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from tco.cost.machine import Fleet, Machine
from tco.describe.autoscale import Autoscale
from tco.describe.option import MachineOption
from tco.describe.plan import STATED, Input, Plan, Sampler
from tco.describe.scenario import Scenario
from tco.describe.trace import DAY_S, Trace
from tco.perform.autoscale import Levels, awake_frac, cold_frac, levels, load_curve
from tco.perform.fleet import TOLERANCE_FRAC
from tco.perform.load import Slo
from tco.units import S_PER_MONTH, Num

LEAST_TOLD_FRAC = 1e-4
RESERVED = ("reserved_1y", "reserved_3y")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A workload's rule for scaling as numbers, and the trace whose load it follows."""

    stated: Autoscale
    cold_start_s: Num
    headroom_frac: Num
    keep_alive_s: Num
    trace: Trace | None

    @property
    def inputs(self) -> tuple[Input, ...]:
        """Provenance of the numbers that the rule uses."""
        figures = {
            "cold_start": (self.stated.cold_start, self.cold_start_s),
            "headroom_frac": (self.stated.headroom_frac, self.headroom_frac),
        }
        if self.stated.min_replicas == 0:  # else the last one never stops
            figures["keep_alive"] = (self.stated.keep_alive, self.keep_alive_s)
        return tuple(
            Input(f"autoscale.{name}", value, figure.unit, figure.source or STATED, figure.as_of, figure.kind)
            for name, (figure, value) in figures.items()
        )


def ignored(option: MachineOption, scenario: Scenario) -> Iterator[str]:
    """Why a stated rule changes nothing."""
    stated = option.autoscale or scenario.workload.site.autoscale
    if stated is not None and option.rental is not None and option.rental.plan in RESERVED:
        yield "autoscale changes nothing: a reservation is paid up or not"


def rule_of(option: MachineOption, scenario: Scenario, sampler: Sampler) -> Rule | None:
    """The candidate's rule, else the site's; None without one, and where a reservation is paid in any case."""
    stated = option.autoscale or scenario.workload.site.autoscale
    if stated is None or (option.rental is not None and option.rental.plan in RESERVED):
        return None
    return Rule(
        stated=stated,
        cold_start_s=sampler("autoscale.cold_start", stated.cold_start),
        headroom_frac=sampler("autoscale.headroom_frac", stated.headroom_frac),
        keep_alive_s=sampler("autoscale.keep_alive", stated.keep_alive),
        trace=scenario.trace,
    )


def scaled_fleet(
    plan: Plan, machine: Machine, need: Fleet, rule: Rule, *, capacity_req_per_s: Num, n_spare: int,
    peak_factor: float = 1.0,
) -> Fleet:  # fmt: skip
    """The fleet for the peak with the share of its GPU-hours that are up.

    Up at each share of the time: max(least, ceil(what must be up / capacity)), at most the peak's, and the spares;
    in whole machines where they come whole. With a least of 0 the last replica stops after ``keep_alive``.
    """
    curve = load_curve(trace=rule.trace, peak_to_mean_ratio=plan.peak_to_mean_ratio)
    at = levels(curve=curve, cold_start_s=rule.cold_start_s, headroom_frac=rule.headroom_frac)
    capacity, full, batch = _column(capacity_req_per_s), _column(need.n_replicas), _column(plan.batch_frac)
    mean = _column(plan.requests_per_month) / S_PER_MONTH
    held = np.maximum(at.held * peak_factor, at.load)
    rate = mean * ((1.0 - batch) * held + batch)
    wanted = np.maximum(np.ceil(rate / capacity * (1.0 - TOLERANCE_FRAC)), max(rule.stated.min_replicas, 1))
    running = np.minimum(wanted + n_spare, full)
    awake, cold = _asleep(at, rule, mean=mean, batch=batch, capacity=capacity, wanted=wanted)
    gpus = running * _column(machine.gpus_per_replica)
    whole = np.ceil(gpus / _column(machine.gpus_per_machine)) * _column(machine.gpus_per_machine)
    up_gpus = np.mean(np.where(_column(machine.sold_whole), whole, gpus) * awake, axis=-1)
    return replace(
        need, up_frac=(up_gpus / need.n_gpus)[()], cold_frac=cold[()], ahead_frac=np.asarray(at.ahead_frac)[()],
        rise_frac=np.asarray(at.rise_frac)[()], rule=rule.inputs,
    )  # fmt: skip


def _asleep(
    at: Levels, rule: Rule, *, mean: np.ndarray, batch: np.ndarray, capacity: np.ndarray, wanted: np.ndarray
) -> tuple[Num, np.ndarray]:
    """Share of each level's time in which the replicas are up, and the share of requests that wake one."""
    if rule.stated.min_replicas > 0:
        return 1.0, np.zeros(())
    rate = mean * ((1.0 - batch) * at.load + batch)
    idle_s = _column(rule.keep_alive_s) + 1.0 / capacity
    awake = awake_frac(req_per_s=rate, keep_alive_s=idle_s, cold_start_s=_column(rule.cold_start_s))
    found = np.where(wanted <= 1.0, cold_frac(req_per_s=rate, keep_alive_s=idle_s), 0.0)
    return np.where(wanted <= 1.0, awake, 1.0), np.asarray(np.mean(found * rate, axis=-1) / np.mean(rate, axis=-1))


def _column(held: Num) -> np.ndarray:
    return np.asarray(held)[..., None]


def missed_cold(need: Fleet, rule: Rule, slos: tuple[Slo, ...]) -> Iterator[str]:
    """Why waking replicas breaks a limit: more requests wait for a cold start than may miss it."""
    cold_s, share = rule.stated.cold_start.value, float(need.cold_frac)
    for slo in slos:
        for name, limit_s in (("TTFT", slo.ttft_s), ("whole answer", slo.deadline_s)):
            if limit_s is not None and cold_s > limit_s and share > 1.0 - slo.percentile / 100.0:
                yield (
                    f"{share:.1%} of the requests wait for a cold start of {cold_s:g} s; "
                    f"{name} p{slo.percentile} has a limit of {limit_s:g} s: keep min_replicas at 1 or more"
                )


def told(need: Fleet, rule: Rule) -> Iterator[str]:
    """What the report says of a fleet that follows the load."""
    shape = "an assumed day with one peak"
    if rule.trace is not None and rule.trace.span_s >= DAY_S:
        shape = rule.trace.name
    if float(need.up_frac) == 1.0:
        yield "autoscale changes nothing: the fleet for the peak is no larger than what is always up"
        return
    yield f"autoscaled along {shape}: {float(need.up_frac):.0%} of the GPU-hours of the fleet for the peak are up"
    if float(need.ahead_frac) > 0.0:
        yield (
            f"a cold start of {rule.stated.cold_start.value:g} s is longer than the headroom of "
            f"{rule.stated.headroom_frac.value:.0%} covers in {float(need.ahead_frac):.0%} of the time (the load rises "
            f"by up to {float(need.rise_frac):.0%} meanwhile): capacity is held ahead there, and paid"
        )
    if float(need.cold_frac) >= LEAST_TOLD_FRAC:
        yield f"{float(need.cold_frac):.2%} of the requests wait for a cold start"
