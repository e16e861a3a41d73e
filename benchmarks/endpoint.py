"""The load generator of ``tco bench endpoint`` against a server of known timing in another process.

``python -m benchmarks.endpoint [--streams 64,256,512] [--seconds N] [--write FILE]``. Its own CPU time a
chunk, the share of a core that 10,000 chunks a second take, and how far its medians are off the truth.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.__main__ import ROOT
from tco.bench.endpoint.address import parse
from tco.bench.endpoint.asker import Asker, Dialect
from tco.bench.endpoint.client import Client, Timeouts
from tco.bench.endpoint.monitor import Watch
from tco.bench.endpoint.prompt import Prompts
from tco.bench.endpoint.sample import Lengths, Sample
from tco.bench.endpoint.selftest import Scripted

TTFT_S, ITL_S = 0.1, 0.05
BEGIN, END = "<!-- endpoint: begin -->", "<!-- endpoint: end -->"


@dataclass(frozen=True)
class Result:
    """One number of streams."""

    n_streams: int
    chunks_per_s: float
    cpu_us_per_chunk: float
    lag_p99_ms: float
    ttft_off_ms: float
    tpot_off_frac: float


async def serve(n_tok: int) -> None:
    """Serve until the process is ended."""
    loop = asyncio.get_running_loop()
    scripted = partial(Scripted, ttft_s=TTFT_S, itl_s=ITL_S, n_tok=n_tok)
    server = await loop.create_server(scripted, "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def load(url: str, n_streams: int, n_tok: int) -> Result:
    """Warm the connections up, then one long answer on each stream."""
    timeouts = Timeouts(idle_s=10.0, total_s=600.0)
    client = Client(parse(url, api="completions"), timeouts=timeouts)
    asker = Asker(client, Dialect("scripted"), Prompts(0))

    async def every(text: str) -> list[Sample]:
        now_s = time.perf_counter()
        asked = (asker.send(i, Lengths(1, n_tok), now_s, text) for i in range(n_streams))
        return list(await asyncio.gather(*asked))

    await every("ready")
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    with Watch() as watch:
        samples = await every("go")
    wall_s, cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
    client.close()
    assert all(each.is_ok for each in samples), {each.failure for each in samples}
    n_chunks = sum(each.n_chunks for each in samples)
    tpot_s = median((each.stamps_s[-1] - each.first_s) / (n_tok - 1) for each in samples)
    ttft_s = median(each.ttft_s for each in samples)
    return Result(
        n_streams, n_chunks / wall_s, cpu_s / n_chunks * 1e6, watch.client.lag_p99_s * 1e3, (ttft_s - TTFT_S) * 1e3,
        tpot_s / ITL_S - 1.0,
    )  # fmt: skip


def measured(n_streams: int, seconds: float) -> Result:
    """One number of streams against a server of its own."""
    n_tok = int(seconds / ITL_S)
    command = [sys.executable, "-m", "benchmarks.endpoint", "--serve", str(n_tok)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        return asyncio.run(load(f"http://127.0.0.1:{int(server.stdout.readline())}", n_streams, n_tok))
    finally:
        server.kill()
        server.communicate()


def report(results: list[Result]) -> str:
    """The results as a Markdown table."""
    machine = (
        f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} CPUs, {datetime.now(UTC).date()}"
    )
    head = [
        f"{machine}, load average {os.getloadavg()[0]:.1f} before. The server, in another process, sends a first token",
        f"after {TTFT_S * 1e3:g} ms and one every {ITL_S * 1e3:g} ms on each stream. All streams start at once, the",
        "hardest case; the server's own lateness is in the two last columns.",
        "",
        "| streams | chunks/s | CPU µs a chunk | cores at 10,000/s | loop late p99, ms | TTFT off, ms | TPOT off |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    return "\n".join([*head, *map(row, results)])


def row(each: Result) -> str:
    """One number of streams as a row."""
    us = each.cpu_us_per_chunk
    off = f"{each.lag_p99_ms:.1f} | {each.ttft_off_ms:+.1f} | {each.tpot_off_frac:+.2%}"
    return f"| {each.n_streams} | {each.chunks_per_s:,.0f} | {us:.0f} | {us * 1e-2:.2f} | {off} |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", default="64,256,512")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--write", type=Path, help="page to put the table into, between its two marks")
    parser.add_argument("--serve", type=int, metavar="N_TOK", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        asyncio.run(serve(asked.serve))
    table = report([measured(int(part), asked.seconds) for part in asked.streams.split(",")])
    print(table)
    if asked.write is not None:
        text = asked.write.read_text(encoding="utf-8")
        before, after = text.split(BEGIN)[0], text.split(END)[1]
        asked.write.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")
