"""Bills of a mixed batch, one core: ``python -m benchmarks.bulk_bills [--requests N] [--runs N] [--write FILE]``.

The bulk path against the exact path and, where they are installed, genai-prices and litellm called for each row,
all in one run on rows of the same batch. CPU time of the process; the least of some runs counts.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tco.describe.offer import TokenOffer
from tco.files.catalogue import Catalogue
from tco.price.bill import Usage, bill
from tco.price.bulk import CONDITIONS, RateTable, UnpricedError, bulk_usd, compile_rates

N_OFFERS = 50
N_ROWS = 2_000
RESIDENCIES = (frozenset[str](), frozenset({"eu"}), frozenset({"us"}))
GENAI_PROVIDERS = {"xai": "x-ai", "gcp": "google"}
Columns = dict[str, NDArray[np.int64]]
Call = Callable[[], object]


@dataclass(frozen=True)
class Row:
    """One path: requests, CPU seconds, and why it was not run."""

    path: str
    n_requests: int = 0
    cpu_s: float = 0.0
    skipped: str = ""

    @property
    def requests_per_s(self) -> float:
        return self.n_requests / self.cpu_s


def busiest(offers: Sequence[TokenOffer]) -> list[TokenOffer]:
    """The offers with most dates and conditions."""
    return sorted(offers, key=lambda offer: (-len(offer.rates), offer.provider, offer.model))[:N_OFFERS]


def batch(offers: Sequence[TokenOffer], table: RateTable, n: int) -> Columns:
    """Requests of half a year over all offers: cache reads and writes, all conditions sold, long prompts, regions."""
    rng = np.random.default_rng(7)
    n_drawn = 2 * n
    sold = [sorted({_condition(row.when) for row in offer.rates} | {0}) for offer in offers]
    width = max(map(len, sold))
    choices = np.array([(held * width)[:width] for held in sold])
    reads, writes, long_writes = (
        np.array([any(meter in row.usd_per_mtok for row in offer.rates) for offer in offers])
        for meter in ("cache_read", "cache_write", "cache_write_1h")
    )
    offer = rng.integers(0, len(offers), n_drawn)
    input_tok = rng.lognormal(8.0, 1.5, n_drawn).astype(np.int64) + 10
    input_tok += (rng.random(n_drawn) < 0.05) * rng.integers(100_000, 500_000, n_drawn)
    output_tok = rng.lognormal(5.5, 1.0, n_drawn).astype(np.int64) + 1
    columns = {
        "offer_index": offer,
        "condition": np.where(rng.random(n_drawn) < 0.5, 0, choices[offer, rng.integers(0, width, n_drawn)]),
        "residency": np.where(rng.random(n_drawn) < 0.8, 0, rng.integers(0, len(RESIDENCIES), n_drawn)),
        "at_s": rng.integers(_unix(2026, 5, 22), _unix(2026, 11, 22), n_drawn),
        "input_tok": input_tok,
        "cache_read_tok": (input_tok * rng.uniform(0, 0.7, n_drawn) * reads[offer]).astype(np.int64),
        "cache_write_5m_tok": (input_tok * rng.uniform(0, 0.2, n_drawn) * writes[offer]).astype(np.int64),
        "cache_write_1h_tok": (input_tok * rng.uniform(0, 0.1, n_drawn) * long_writes[offer]).astype(np.int64),
        "output_tok": output_tok,
        "reasoning_tok": (output_tok * rng.uniform(0, 0.6, n_drawn)).astype(np.int64),
    }
    try:
        bulk_usd(table, **columns)
    except UnpricedError as error:
        columns = {name: np.delete(values, error.rows) for name, values in columns.items()}
    return {name: np.ascontiguousarray(values[:n]) for name, values in columns.items()}


def _condition(when: Any) -> int:
    return CONDITIONS.index((when.processing, when.service_tier, when.speed))


def _unix(*day: int) -> int:
    return int(datetime(*day, tzinfo=UTC).timestamp())  # type: ignore[arg-type,misc]


def exact_calls(offers: Sequence[TokenOffer], columns: Columns) -> list[Call]:
    """The exact bill of the first requests."""
    calls: list[Call] = []
    for n in range(min(N_ROWS, len(columns["at_s"]))):
        row = {name: int(values[n]) for name, values in columns.items()}
        processing, service_tier, speed = CONDITIONS[row["condition"]]
        usage = Usage(
            input_tok=row["input_tok"], output_tok=row["output_tok"], reasoning_tok=row["reasoning_tok"],
            cache_read_tok=row["cache_read_tok"],
            cache_write_tok={"5m": row["cache_write_5m_tok"], "1h": row["cache_write_1h_tok"]},
        )  # fmt: skip
        at = datetime.fromtimestamp(row["at_s"], UTC)
        calls.append(partial(
            bill, offers[row["offer_index"]], usage, at, processing=processing, service_tier=service_tier, speed=speed,
            residency=RESIDENCIES[row["residency"]],
        ))  # fmt: skip
    return calls


def genai_calls(offers: Sequence[TokenOffer], columns: Columns) -> list[Call]:
    """genai-prices on the first requests whose model it knows."""
    genai = import_module("genai_prices")

    def call(offer: TokenOffer, row: dict[str, int]) -> Call | None:
        usage = genai.Usage(
            input_tokens=row["input_tok"], output_tokens=row["output_tok"], cache_read_tokens=row["cache_read_tok"],
            cache_write_tokens=row["cache_write_5m_tok"] + row["cache_write_1h_tok"],
        )  # fmt: skip
        at = datetime.fromtimestamp(row["at_s"], UTC)
        provider = GENAI_PROVIDERS.get(offer.provider, offer.provider)
        return _first_that_works(
            partial(genai.calc_price, usage, name, provider_id=provider, genai_request_timestamp=at)
            for name in _names(offer)
        )

    return _calls(offers, columns, call)


def litellm_calls(offers: Sequence[TokenOffer], columns: Columns) -> list[Call]:
    """litellm on the first requests whose model it knows."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # the table in its wheel, not one from the network
    litellm: Any = import_module("litellm")
    litellm.suppress_debug_info = True

    def call(offer: TokenOffer, row: dict[str, int]) -> Call | None:
        return _first_that_works(
            partial(
                litellm.cost_per_token, model=name, prompt_tokens=row["input_tok"], completion_tokens=row["output_tok"],
                cache_read_input_tokens=row["cache_read_tok"],
                cache_creation_input_tokens=row["cache_write_5m_tok"] + row["cache_write_1h_tok"],
                service_tier=CONDITIONS[row["condition"]][1],
            )
            for name in _names(offer) if name in litellm.model_cost
        )  # fmt: skip

    return _calls(offers, columns, call)


def _names(offer: TokenOffer) -> list[str]:
    return [offer.model, *offer.aliases, f"{offer.provider}/{offer.model}", offer.model.replace(".", "-")]


def _first_that_works(calls: Any) -> Call | None:
    """The first call that gives an answer; an unknown model raises, in one of many ways."""
    for call in calls:
        try:
            call()
        except Exception:
            continue
        return call  # type: ignore[no-any-return]
    return None


def _calls(
    offers: Sequence[TokenOffer], columns: Columns, call: Callable[[TokenOffer, dict[str, int]], Call | None]
) -> list[Call]:
    found: list[Call] = []
    for n in range(len(columns["at_s"])):
        row = {name: int(values[n]) for name, values in columns.items()}
        made = call(offers[row["offer_index"]], row)
        if made is not None:
            found.append(made)
        if len(found) == N_ROWS:
            break
    return found


def per_row(path: str, package: str, calls: Callable[[], list[Call]], n_runs: int) -> Row:
    """Time a list of calls, or say which package is missing."""
    if package:
        try:
            path = f"{path} {version(package)}"
        except PackageNotFoundError:
            return Row(path, skipped=f"`{package}` is not installed")
    made = calls()
    return Row(path, len(made), least_cpu_s(lambda: [call() for call in made], n_runs))


def least_cpu_s(task: Call, n_runs: int) -> float:
    """CPU seconds of the fastest of some runs: noise only adds."""
    times = []
    for _ in range(n_runs):
        start = time.process_time()
        task()
        times.append(time.process_time() - start)
    return min(times)


def rows(n_requests: int, n_runs: int) -> tuple[list[Row], float, float]:
    """Every path's timing, CPU seconds to compile, and the largest relative gap between bulk and exact bills."""
    offers = busiest(Catalogue().offers)
    compile_rates(offers[:1])
    start = time.process_time()
    table = compile_rates(offers, residencies=RESIDENCIES)
    compile_s = time.process_time() - start
    columns = batch(offers, table, n_requests)
    n = len(columns["at_s"])
    exact = exact_calls(offers, columns)
    usd = bulk_usd(table, **columns)[: len(exact)]
    expected = np.array([float(call().usd) for call in exact])  # type: ignore[attr-defined]
    gap = float(np.max(np.abs(usd - expected) / np.where(expected > 0, expected, 1.0)))
    found = [
        Row("bulk path", n, least_cpu_s(partial(bulk_usd, table, **columns), n_runs)),
        per_row("exact path", "", lambda: exact, n_runs),
        per_row("genai-prices", "genai-prices", partial(genai_calls, offers, columns), n_runs),
        per_row("litellm", "litellm", partial(litellm_calls, offers, columns), n_runs),
    ]
    return found, compile_s, gap


def report(found: Sequence[Row], compile_s: float, gap: float, n_runs: int) -> str:
    """The timings as a Markdown table, with what the batch is."""
    from benchmarks.__main__ import processor

    bulk = found[0]
    lines = [
        f"{bulk.n_requests:,} requests in random order over {N_OFFERS} offers and half a year: cache reads and writes, "
        "reasoning, batch, flex, priority and fast, context thresholds, schedules, data residency. The others are "
        f"called for each of {N_ROWS:,} rows of the batch, those of models they know. One core, {processor()}, Python "
        f"{platform.python_version()}, NumPy {np.__version__}, {datetime.now(UTC).date()}, least CPU time of {n_runs} "
        f"runs. The tables were compiled in {compile_s * 1e3:,.0f} ms; the largest relative gap to the exact bill is "
        f"{gap:.0e}.",
        "",
        "| path | requests/s | µs a request | bulk path is faster |",
        "| --- | ---: | ---: | ---: |",
    ]
    for row in found:
        if row.skipped:
            lines.append(f"| {row.path} | skipped: {row.skipped} | | |")
            continue
        us, ratio = 1e6 / row.requests_per_s, bulk.requests_per_s / row.requests_per_s
        lines.append(f"| {row.path} | {row.requests_per_s:,.0f} | {us:,.3g} | {ratio:,.0f}× |")
    return "\n".join(lines)


BEGIN, END = "<!-- bulk bills: begin -->", "<!-- bulk bills: end -->"


def main(argv: Sequence[str] | None = None) -> None:
    """Time every path on one core; print the table, or put it between the marks of a page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bulk_bills", description=__doc__)
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5, help="runs of each path, of which the least counts")
    parser.add_argument("--write", type=Path, help="page to put the table into, between its two marks")
    asked = parser.parse_args(argv)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    table = report(*rows(asked.requests, asked.runs), asked.runs)
    if asked.write is None:
        print(table)
        return
    text = asked.write.read_text(encoding="utf-8")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    asked.write.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
