"""Two profiles side by side: what changed by more than repeats of the same run differ."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from tco.bench.show_micro import product
from tco.describe.profile import Gemm, NotMeasured, Profile, ProfileRow
from tco.describe.record import Figure

Reading: TypeAlias = Figure | NotMeasured

# Standard deviation of repeats of one run, as a share: `Repeat noise: 0.3% TPOT, 2% TTFT` over the published
# measurements that were repeated; throughput in a closed loop follows TPOT. The rest is assumed.
TPOT_FRAC, TTFT_FRAC, OTHER_FRAC = 0.003, 0.02, 0.02
PUBLISHED = "repeats of published runs: 0.3% of TPOT, 2% of TTFT"
ASSUMED = "assumed 2%"
STATED = "repeats of these runs"
RANGED = "the range of their own repeats and an assumed 0.5% between runs"
RANGE_OF_REPEATS = 2.326  # expected range of five normal repeats, in standard deviations; more repeats only widen it
BETWEEN_FRAC = 0.005  # runs also differ in heat and clocks: assumed
N_SIGMA = 2.0  # a difference of two runs beyond two of its standard deviations is no noise (about one in twenty is)


@dataclass(frozen=True, slots=True)
class Change:
    """One figure in two profiles. ``limit_frac`` is what noise alone may make of it."""

    point: str
    metric: str
    unit: str
    before: float
    after: float
    limit_frac: float
    noise: str
    higher_is_better: bool

    @property
    def change_frac(self) -> float:
        """after / before - 1."""
        return self.after / self.before - 1.0

    @property
    def verdict(self) -> str:
        """``better``, ``worse`` or ``within noise``."""
        if abs(self.change_frac) <= self.limit_frac:
            return "within noise"
        return "better" if (self.change_frac > 0) == self.higher_is_better else "worse"


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything two profiles share, and the operating points only one of them has."""

    changes: tuple[Change, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def is_worse(self) -> bool:
        """Whether anything got worse by more than noise."""
        return any(each.verdict == "worse" for each in self.changes)


def limit_frac(*, before_frac: float, after_frac: float) -> float:
    """Largest change that noise alone explains: 2 sqrt(s1^2 + s2^2), s the standard deviations as shares."""
    return N_SIGMA * math.hypot(before_frac, after_frac)


def difference(before: Profile, after: Profile) -> Difference:
    """Compare the rows of the same operating point, and the microbenchmarks."""
    left = list(after.rows)
    changes = list(_micro(before, after))
    only_before = []
    for row in before.rows:
        twin = next((each for each in left if row.is_again(each)), None)
        if twin is None:
            only_before.append(point(row))
            continue
        left.remove(twin)
        changes += _row(row, twin)
    return Difference(
        tuple(changes), tuple(only_before), tuple(point(row) for row in left), tuple(_warnings(before, after))
    )


def point(row: ProfileRow) -> str:
    """An operating point in words."""
    load = f"x{row.concurrency}" if row.concurrency else "rate"
    load = f"{row.request_per_s_asked:g}/s" if row.request_per_s_asked and not row.concurrency else load
    lengths = "/".join("?" if tok is None else f"{tok:.0f}" for tok in (row.input_tok, row.output_tok))
    return f"{row.model} {row.dtype} {row.engine} {row.n_gpus} GPU{'s' * (row.n_gpus > 1)} {load} {lengths}"


def _row(before: ProfileRow, after: ProfileRow) -> Iterator[Change]:
    name = point(before)
    for metric in ("output_tok_per_s", "prefill_tok_per_s"):
        values = getattr(before, metric), getattr(after, metric)
        if None not in values:
            spread, noise = _spread(before, after, metric)
            yield Change(name, metric, "tok/s", *values, spread, noise, higher_is_better=True)
    for metric, frac in (("ttft_ms", TTFT_FRAC), ("tpot_ms", TPOT_FRAC), ("itl_ms", OTHER_FRAC), ("e2e_ms", TTFT_FRAC)):
        first, second = getattr(before, metric), getattr(after, metric)
        stat = next((each for each in ("mean", "p50", "p95", "p99") if first.get(each) and second.get(each)), None)
        if stat is not None:
            noise = ASSUMED if metric in ("itl_ms", "e2e_ms") else PUBLISHED
            limit = limit_frac(before_frac=frac, after_frac=frac)
            yield Change(name, f"{metric} {stat}", "ms", first[stat], second[stat], limit, noise, False)
    if before.joules_per_tok and after.joules_per_tok:
        limit = limit_frac(before_frac=OTHER_FRAC, after_frac=OTHER_FRAC)
        values = before.joules_per_tok, after.joules_per_tok
        yield Change(name, "joules_per_tok", "J/tok", *values, limit, ASSUMED, higher_is_better=False)


def _spread(before: ProfileRow, after: ProfileRow, metric: str) -> tuple[float, str]:
    """What noise may change a throughput by: of the means of the repeats where both runs state them."""
    fracs = []
    for row in (before, after):
        std, n = getattr(row, f"{metric}_std"), row.n_repeats
        if std is None or n is None or n < 2:
            return limit_frac(before_frac=TPOT_FRAC, after_frac=TPOT_FRAC), PUBLISHED
        fracs.append(std / math.sqrt(n) / getattr(row, metric))
    return limit_frac(before_frac=fracs[0], after_frac=fracs[1]), STATED


def _micro(before: Profile, after: Profile) -> Iterator[Change]:
    if before.micro is None or after.micro is None:
        return
    one, two = before.micro, after.micro
    names = (
        ("copy_gb_per_s", "GB/s", True), ("read_gb_per_s", "GB/s", True), ("triad_gb_per_s", "GB/s", True),
        ("launch_s", "s", False), ("graph_s", "s", False), ("idle_w", "W", False), ("busy_w", "W", False),
    )  # fmt: skip
    for name, unit, is_rate in names:
        yield from _figures("microbenchmark", name, unit, getattr(one, name), getattr(two, name), is_rate)
    twins = {_product(each): each for each in two.gemm}
    for gemm in one.gemm:
        twin = twins.get(_product(gemm))
        if twin is not None:
            what = product(gemm)
            yield from _figures(what, "tflops", "TFLOPS", gemm.tflops, twin.tflops, True)
            yield from _figures(what, "gb_per_s", "GB/s", gemm.gb_per_s, twin.gb_per_s, True)
            yield from _figures(what, "power_w", "W", gemm.power_w, twin.power_w, False)
    loops = {(each.model, each.dtype, each.n_seqs, each.context_tok): each for each in two.decode_loops}
    for loop in one.decode_loops:
        other = loops.get((loop.model, loop.dtype, loop.n_seqs, loop.context_tok))
        if other is not None:
            name = f"decode loop {loop.model} {loop.dtype} x{loop.n_seqs}"
            yield from _figures(name, "step_s", "s", loop.step_s, other.step_s, False)


def _figures(
    what: str, metric: str, unit: str, before: Reading, after: Reading, higher_is_better: bool
) -> Iterator[Change]:  # fmt: skip
    """A figure both have; nothing where either was not measured."""
    if isinstance(before, Figure) and isinstance(after, Figure) and before.value > 0:
        limit, noise = _micro_limit(before, after)
        yield Change(what, metric, unit, before.value, after.value, limit, noise, higher_is_better)


def _micro_limit(before: Figure, after: Figure) -> tuple[float, str]:
    """What noise may change a microbenchmark by: of the range of its repeats where both runs state one.

    One run's variance is (range / value / RANGE_OF_REPEATS)^2, of its repeats, plus BETWEEN_FRAC^2, between runs.
    """
    fracs = []
    for held in (before, after):
        if held.low is None or held.high is None:
            return limit_frac(before_frac=OTHER_FRAC, after_frac=OTHER_FRAC), ASSUMED
        fracs.append(math.hypot((held.high - held.low) / held.value / RANGE_OF_REPEATS, BETWEEN_FRAC))
    return limit_frac(before_frac=fracs[0], after_frac=fracs[1]), RANGED


def _product(gemm: Gemm) -> tuple[object, ...]:
    """What makes two products the same measurement."""
    return gemm.dtype, gemm.m, gemm.n, gemm.k, gemm.sustained, gemm.how


def _warnings(before: Profile, after: Profile) -> Iterator[str]:
    one, two = before.machine, after.machine
    if (one.hardware, one.name) != (two.hardware, two.name):
        yield f"the machines differ: {one.name} and {two.name}"
    if one.driver != two.driver and (one.driver or two.driver):
        yield f"the drivers differ: {one.driver or 'not stated'} and {two.driver or 'not stated'}"
    for each in (before, after):
        if each.machine.contended:
            yield f"{each.id}: others used the machine while it was measured"
        if each.machine.throttling:
            yield f"{each.id}: clocks were held back ({', '.join(each.machine.throttling)})"
        flagged = sum(bool(row.flags) for row in each.rows)
        if flagged:
            yield f"{each.id}: {flagged} of its rows are flagged"
