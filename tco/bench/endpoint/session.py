"""One measurement of a server from the first probe to the last level."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from tco.bench.device.energy import Energy
from tco.bench.device.reading import missing
from tco.bench.endpoint import drive, load, monitor, stats
from tco.bench.endpoint.asker import Asker
from tco.bench.endpoint.client import Client
from tco.bench.endpoint.knee import Knee, knee
from tco.bench.endpoint.load import Load
from tco.bench.endpoint.monitor import Watch
from tco.bench.endpoint.power import Meter
from tco.bench.endpoint.probe import Probed, probe
from tco.bench.endpoint.prompt import Prompts
from tco.bench.endpoint.sample import Lengths, Sample
from tco.bench.endpoint.selftest import SelfTest, self_test
from tco.bench.endpoint.settings import MAX_REQUESTS, Settings
from tco.bench.endpoint.stats import MIN_KEPT_UP, Stats
from tco.describe.profile import MAX_FAILED_FRAC

MIN_CLOSED, ROUNDS_CLOSED = 16, 4  # requests of a closed level: four per request in flight, no fewer than 16
MIN_OPEN, MAX_OPEN, OPEN_S = 30, 500, 20.0  # requests of an open level: about 20 s of arrivals
MAX_CACHED_FRAC = 0.01
SPARE_FILES, ENOUGH_FILES = 64, 16_384

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Level:
    """One level of load with what was seen of it. ``flags`` are reasons not to use its numbers."""

    load: Load
    stats: Stats
    client: monitor.Client
    energy: Energy
    samples: tuple[Sample, ...]
    flags: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def meets_slo(self) -> bool:
        """Whether the limits are met and, at a rate, the server kept up with it."""
        kept_up = self.stats.kept_up_ratio
        return bool(self.stats.n_ok and self.stats.meets_slo) and (kept_up is None or kept_up >= MIN_KEPT_UP)


@dataclass(frozen=True, slots=True)
class Measured:
    """A whole measurement."""

    settings: Settings
    at: datetime
    origin_s: float
    probed: Probed
    levels: tuple[Level, ...]
    knee: Knee | None
    self_test: SelfTest | None
    cached_frac: float | None  # of prompt tokens beyond the server's own template, None where it does not tell
    template_cached_tok: float | None

    @property
    def cache_failure(self) -> str:
        """Why prefix-cache hits spoil the run; empty when they do not."""
        if self.settings.allow_prefix_cache or self.cached_frac is None or self.cached_frac <= MAX_CACHED_FRAC:
            return ""
        return (
            f"{self.cached_frac:.1%} of the prompt tokens came from the server's prefix cache although every prompt "
            "begins with a nonce of its own; --allow-prefix-cache keeps such a run"
        )

    @property
    def spoilt(self) -> str:
        """Why its numbers are not to be used at all; empty when they may be."""
        if not any(level.stats.n_ok for level in self.levels):
            return "no request was answered"
        return self.cache_failure

    @property
    def failure(self) -> str:
        """Why the answer is no; empty when there is one."""
        if self.spoilt:
            return self.spoilt
        every = [sample for level in self.levels for sample in level.samples]
        slo = self.settings.slo
        if slo.limits and not any(slo.is_met_by(sample) for sample in every):
            return "no request met the latency limits"
        if self.knee is not None and self.knee.value is None:
            return "no level met the latency limits: there is no knee"
        return ""


def measure(settings: Settings, say: Say) -> Measured:
    """Run everything; raises MissingDataError when the server cannot be reached, KeyboardInterrupt on Ctrl-C."""
    _allow_sockets(settings.most_in_flight)
    return asyncio.run(_measure(settings, say))


def _allow_sockets(n: int) -> None:
    """Raise this process's own limit of open files where the system lets it."""
    try:
        import resource
    except ImportError:  # pragma: no cover - not on Windows
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(2 * n + SPARE_FILES, ENOUGH_FILES)  # the self-test holds both ends; an open loop may pile up
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard) if hard >= 0 else wanted, hard))


async def _measure(settings: Settings, say: Say) -> Measured:
    at, origin_s = datetime.now(UTC), time.perf_counter()
    tested: SelfTest | None = None
    if settings.self_test:
        say(f"testing this machine's client with {settings.most_in_flight} streams")
        tested = await self_test(settings.most_in_flight)
    client = Client(settings.address, timeouts=settings.timeouts, api_key=settings.api_key)
    prompts = Prompts(settings.seed)
    try:
        say(f"asking {settings.address.url}")
        probed = await probe(
            client, model=settings.served_model, wanted=settings.lengths, prompts=prompts, extra=settings.extra
        )
        with Meter(is_local=settings.address.is_local, n_gpus=settings.n_gpus, gpus=settings.gpus) as meter:
            runner = Runner(settings, Asker(client, probed.dialect, prompts), meter, say)
            found = await runner.run()
    finally:
        client.close()
    cached_frac, template = _cached(runner.levels, probed.dialect.scale.template_tok)
    levels = tuple(runner.levels)
    return Measured(settings, at, origin_s, probed, levels, found, tested, cached_frac, template)


@dataclass
class Runner:
    """Runs levels one after the other and keeps them."""

    settings: Settings
    asker: Asker
    meter: Meter
    say: Say

    def __post_init__(self) -> None:
        self.levels: list[Level] = []
        self._rng = np.random.default_rng(self.settings.seed)

    async def run(self) -> Knee | None:
        """The levels that were asked for, or those that lead to the knee."""
        if self.settings.knee:
            return await self.knee()
        await self.sweep()
        return None

    async def sweep(self) -> None:
        """Every level that was asked for."""
        asked = self.settings
        if asked.trace:
            lengths = [each for _, each in asked.trace]
            await self.level(load.replayed([at_s for at_s, _ in asked.trace], lengths, speed_ratio=asked.speed_ratio))
        for rate in asked.rates_per_s:
            await self.level(self._at_rate(rate))
        for concurrency in asked.concurrency:
            await self.level(self._in_flight(concurrency))

    async def knee(self) -> Knee:
        """The highest level that meets the limits."""
        is_rate = self.settings.knee == "rate"

        async def meets(value: float) -> bool:
            held = self._at_rate(value) if is_rate else self._in_flight(int(value))
            return (await self.level(held)).meets_slo

        first = (self.settings.rates_per_s or (1.0,))[0] if is_rate else float((self.settings.concurrency or (1,))[0])
        return await knee(meets, first=first, is_whole=not is_rate)

    async def level(self, held: Load) -> Level:
        """Run one level and keep it."""
        gc.collect()  # garbage of the level before must not be collected during this one
        seconds = self.settings.duration_s
        limit = f"{len(held.lengths):,} requests" if seconds is None else f"for {seconds:g} s"
        self.say(f"{held.label}: {limit}")
        step = max(len(held.lengths) // 4, 1)

        def told(n_done: int, n_planned: int) -> None:
            if n_done % step == 0 and n_done < n_planned:
                self.say(f"{held.label}: {n_done} of {n_planned} requests")

        with Watch() as watch:
            run = await drive.drive(self.asker, held, duration_s=self.settings.duration_s, told=told)
        found = stats.stats(run.samples, held, self.settings.slo)
        window = found.window
        energy = (
            self.meter.energy(window.start_s, window.end_s)
            if window
            else Energy(missing("no request was answered"), 0.0, "none")
        )
        flags, notes = _flags(found, watch.client, gave_up=run.gave_up), _notes(found)
        level = Level(held, found, watch.client, energy, tuple(run.samples), flags, notes)
        self.levels.append(level)
        return level

    def _in_flight(self, concurrency: int) -> Load:
        n = self.settings.n_requests or max(ROUNDS_CLOSED * concurrency, MIN_CLOSED)
        if self.settings.duration_s is not None and self.settings.n_requests is None:
            n = MAX_REQUESTS  # its time ends the level
        return load.closed(concurrency, self._lengths(n))

    def _at_rate(self, request_per_s: float) -> Load:
        n = self.settings.n_requests or int(min(max(request_per_s * OPEN_S, MIN_OPEN), MAX_OPEN))
        if self.settings.duration_s is not None and self.settings.n_requests is None:
            n = min(int(request_per_s * self.settings.duration_s) + 1, MAX_REQUESTS)
        return load.arriving(
            self.settings.arrivals, request_per_s, self._lengths(n), burstiness=self.settings.burstiness, rng=self._rng
        )

    def _lengths(self, n: int) -> Sequence[Lengths]:
        return [self.settings.lengths] * n


def _flags(found: Stats, client: monitor.Client, *, gave_up: bool) -> tuple[str, ...]:
    """Reasons not to use a level's numbers."""
    flags = []
    if gave_up:
        flags.append("given up: nothing but failures came")
    if not found.n_ok:
        flags.append("no request was answered")
    n_failed = found.n_asked - found.n_ok
    if found.n_ok and n_failed > MAX_FAILED_FRAC * found.n_asked:
        flags.append(f"{n_failed} of {found.n_asked} requests failed: the rest had less load than was asked for")
    if found.window is not None and found.window.reason:
        flags.append(found.window.reason)
    if client.bound_reason:
        flags.append(f"client-bound: {client.bound_reason}, so this machine may be what was measured")
    if found.kept_up_ratio is not None and found.kept_up_ratio < MIN_KEPT_UP:
        flags.append("the server did not keep up: its queue grew, and latencies grow with the length of the run")
    return tuple(flags)


def _notes(found: Stats) -> tuple[str, ...]:
    """What a reader should know beside a level's numbers."""
    notes = []
    if found.is_estimated:
        notes.append("token counts are estimated: the server told no usage, and one chunk was taken for one token")
    if found.n_short:
        notes.append(f"{found.n_short} of {found.n_ok} answers ended before the length asked for")
    if found.tok_per_chunk is not None and not found.is_estimated and found.tok_per_chunk > 1.0 + 1e-9:
        notes.append(f"a chunk held {found.tok_per_chunk:.3g} tokens on average: ITL is the gap between chunks")
    if found.reads_per_chunk is not None and found.reads_per_chunk < 0.9:
        notes.append(f"chunks arrived {1 / found.reads_per_chunk:.1f} at a time: gaps between them say little")
    return tuple(notes)


def _cached(levels: Sequence[Level], template_tok: float) -> tuple[float | None, float | None]:
    """Share of prompt tokens from a prefix cache beyond the server's own template, and a request's within it."""
    told = [
        (each.prompt_tok, each.cached_tok)
        for level in levels
        for each in level.samples
        if each.is_ok and each.prompt_tok and each.cached_tok is not None
    ]
    if not told:
        return None, None
    beyond = sum(max(cached - template_tok, 0.0) for _, cached in told)
    within = sum(min(float(cached), template_tok) for _, cached in told)
    return beyond / sum(prompt for prompt, _ in told), within / len(told)
