"""Runs one level of load and brings every request to an end, answered or not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tco.bench.endpoint.asker import Asker
from tco.bench.endpoint.load import Load
from tco.bench.endpoint.sample import Lengths, Sample

MIN_PATIENCE = 8
TIMEOUT_WEIGHT = 3

Told = Callable[[int, int], None]


@dataclass(slots=True)
class Run:
    """Requests of a level as they end. ``gave_up`` when nothing but failures came for too long."""

    patience: int
    n_planned: int
    told: Told = lambda _done, _planned: None
    samples: list[Sample] = field(default_factory=list)
    gave_up: bool = False
    n_in_row: int = 0

    def take(self, sample: Sample) -> None:
        """Keep a sample; a timeout weighs more, for it has cost more."""
        self.samples.append(sample)
        weight = TIMEOUT_WEIGHT if sample.failure.startswith("timeout") else 1
        self.n_in_row = 0 if sample.is_ok else self.n_in_row + weight
        self.gave_up = self.gave_up or self.n_in_row >= self.patience
        self.told(len(self.samples), self.n_planned)


async def drive(asker: Asker, load: Load, *, duration_s: float | None, told: Told) -> Run:
    """All requests of a level; no new ones after ``duration_s`` or once nothing but failures comes."""
    patience = max(MIN_PATIENCE, load.concurrency or 0)
    run = Run(patience, len(load.lengths), told)
    if load.concurrency is not None:
        await _closed(asker, load, run, load.concurrency, duration_s)
    else:
        await _open(asker, load, run, duration_s)
    run.samples.sort(key=lambda sample: sample.index)
    return run


async def _closed(asker: Asker, load: Load, run: Run, concurrency: int, duration_s: float | None) -> None:
    until_s = None if duration_s is None else time.perf_counter() + duration_s
    left = iter(enumerate(load.lengths))
    async with asyncio.TaskGroup() as group:
        for _ in range(min(concurrency, len(load.lengths))):
            group.create_task(_worker(asker, left, run, until_s))


async def _worker(asker: Asker, left: Iterator[tuple[int, Lengths]], run: Run, until_s: float | None) -> None:
    for index, lengths in left:
        run.take(await asker.ask(index, lengths, time.perf_counter()))
        if run.gave_up or (until_s is not None and time.perf_counter() >= until_s):
            return


async def _open(asker: Asker, load: Load, run: Run, duration_s: float | None) -> None:
    start_s = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for index, (at_s, lengths) in enumerate(zip(load.at_s, load.lengths, strict=True)):
            if run.gave_up or (duration_s is not None and at_s > duration_s):
                return
            wait_s = start_s + at_s - time.perf_counter()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            group.create_task(_once(asker, index, lengths, start_s + at_s, run))


async def _once(asker: Asker, index: int, lengths: Lengths, intended_s: float, run: Run) -> None:
    run.take(await asker.ask(index, lengths, intended_s))
