"""CPU time of the commands and of the array formulas: ``python -m benchmarks [--runs N] [--write FILE]``.

CPU seconds (user and system) say more than wall time on a busy machine; the ratio to an interpreter that does nothing,
measured in the same run, says more than either on another one.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one core, before NumPy is imported

from benchmarks import check, search
from benchmarks.perform import report as rates

ROOT = Path(__file__).resolve().parents[1]
DAY = date(2026, 11, 22)
N_VOLUMES = 1_000_000
N_PAIRS = 5_000
EVERYTHING = """\
name: everything
demand: {requests: 900k /month}
tokens: {input: 1200, output: 250}
slo: {ttft_p95: 1 s, itl_p95: 50 ms}
"""


@dataclass(frozen=True)
class Timing:
    """CPU seconds of one task, the least of all runs."""

    task: str
    cpu_s: float


def compiled(folder: str) -> dict[str, str]:
    """The environment of a child: bytecode is kept in a folder, as an installed package keeps its own."""
    kept = {name: held for name, held in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": folder}


def child_cpu_s(command: Sequence[str], bytecode: str) -> float:
    """CPU seconds of one child process with all its threads; its output is thrown away."""
    child = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT, env=compiled(bytecode)
    )
    assert child.stderr is not None
    message = child.stderr.read()
    child.stderr.close()
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {child.returncode}: {message.decode()}")
    return used.ru_utime + used.ru_stime


def own_cpu_s(task: Callable[[], object]) -> float:
    """CPU seconds of one call in this process."""
    start = time.process_time()
    task()
    return time.process_time() - start


def least(task: str, measure: Callable[[], float], n_runs: int) -> Timing:
    """The least of some runs: noise only adds."""
    return Timing(task, min(measure() for _ in range(n_runs)))


def commands(everything: Path, floored: Path) -> dict[str, list[str]]:
    """Each command to time, by the name it has in the report."""
    tco = [sys.executable, "-m", "tco"]
    pinned = ["--as-of", DAY.isoformat()]
    whole = [*tco, "compare", str(everything), *pinned]
    shipped = sorted((ROOT / "workloads").glob("*.yaml"))
    found = {"`tco --help`": [*tco, "--help"]}
    found |= {f"`tco compare {path.stem}`": [*tco, "compare", str(path), *pinned] for path in shipped}
    found["`tco compare startup-chat --json`"] = [*tco, "compare", "startup-chat", *pinned, "--json"]
    found["`tco explain startup-chat own:rtx-4090`"] = [*tco, "explain", "startup-chat", "own:rtx-4090", *pinned]
    found["`tco compare` of the whole catalogue, no draws"] = [*whole, "--draws", "0"]
    found["`tco compare` of the whole catalogue, 1,000 draws"] = whole
    searched = [*tco, "compare", str(floored), *pinned, "--draws", "0"]
    found[f"`tco compare` of every model over an MMLU of {search.FLOORS[0]}, no draws"] = searched
    return found


def array_tasks() -> dict[str, Callable[[], object]]:
    """The formulas on large arrays, without start-up and files."""
    import numpy as np

    from tco import evaluate
    from tco.files import scenario as files
    from tco.files.catalogue import Catalogue
    from tco.perform.deployment import NUM_FIELDS, deployment, stack
    from tco.perform.load import Load, Slo
    from tco.perform.solve import solve

    compared = evaluate.run(files.load("startup-chat", as_of=DAY, today=DAY), n_draws=0)
    priced = {result.option.kind: result for result in reversed(compared.results) if result.costing is not None}
    volumes = np.geomspace(1e3, 1e9, N_VOLUMES)
    tasks: dict[str, Callable[[], object]] = {}
    for kind in ("per_token", "owned"):
        result = priced[kind]
        costing, plan = result.costing, result.plan.at_volume(volumes)
        assert costing is not None
        tasks[f"bill of {result.option.id} at {N_VOLUMES:,} volumes"] = partial(costing.usd_per_month, plan)
    catalogue = Catalogue()
    built = [
        deployment(model=catalogue.model(model), hardware=catalogue.hardware(hardware), dtype="fp8", n_gpus=n_gpus)
        for model in ("qwen3-8b", "qwen3-32b", "llama-3.3-70b", "gpt-oss-120b", "deepseek-r1")
        for hardware in ("h100-sxm", "h200-sxm", "b200", "l40s", "rtx-4090")
        for n_gpus in (1, 2, 4, 8)
    ]
    stacked = stack(built)
    n_times = N_PAIRS // len(built)
    columns: dict[str, Any] = {name: np.tile(getattr(stacked, name), n_times) for name in NUM_FIELDS}
    pairs = replace(stacked, **columns)
    load, slo = Load(input_tok=1200.0, output_tok=250.0, cached_input_frac=0.6), Slo(ttft_s=1.0, itl_s=0.05)
    pairs_task = f"capacity under latency limits of {n_times * len(built):,} model-machine pairs"
    tasks[pairs_task] = partial(solve, deployment=pairs, load=load, slo=slo)
    return tasks


def timings(n_runs: int) -> list[Timing]:
    """Every timing, the two yardsticks first."""
    python = sys.executable
    with tempfile.TemporaryDirectory() as folder:
        found = [
            least("`python -c pass`", partial(child_cpu_s, [python, "-c", "pass"], folder), n_runs),
            least("`python -c 'import numpy'`", partial(child_cpu_s, [python, "-c", "import numpy"], folder), n_runs),
        ]
        everything = Path(folder) / "everything.yaml"
        everything.write_text(EVERYTHING, encoding="utf-8")
        floored = search.write_workload(Path(folder), search.FLOORS[0])
        for name, command in commands(everything, floored).items():
            child_cpu_s(command, folder)  # compiles what it imports
            found.append(least(name, partial(child_cpu_s, command, folder), n_runs))
    found += [least(name, partial(own_cpu_s, task), n_runs) for name, task in array_tasks().items()]
    return found


def processor() -> str:
    """The processor's name, as far as the system tells."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def report(found: Sequence[Timing], n_runs: int) -> str:
    """The timings as a Markdown table, with the machine and the day."""
    import numpy as np

    from tco import __version__

    empty_s = found[0].cpu_s
    rows = [f"| {each.task} | {each.cpu_s * 1e3:,.0f} | {each.cpu_s / empty_s:,.1f} |" for each in found]
    return "\n".join(
        [
            f"tco {__version__}, Python {platform.python_version()}, NumPy {np.__version__}, {platform.system()}, "
            f"{processor()}, {os.cpu_count()} CPUs, {datetime.now(UTC).date()}. Least of {n_runs} runs.",
            "",
            "| task | CPU ms | times `python -c pass` |",
            "| --- | ---: | ---: |",
            *rows,
        ]
    )


PARTS = ("benchmarks", "rates", "search", "check")  # each between two marks of the page


def main() -> None:
    """Time everything; print the table, or put it between the marks of a page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="runs of each task, of which the least counts")
    parser.add_argument("--write", type=Path, help="page to put the table into, between its two marks")
    asked = parser.parse_args()
    own = (report(timings(asked.runs), asked.runs), rates(60), search.report(), check.report(n_runs=asked.runs))
    tables = dict(zip(PARTS, own, strict=True))
    if asked.write is None:
        print("\n\n".join(tables.values()))
        return
    text = asked.write.read_text(encoding="utf-8")
    for name, table in tables.items():
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        before, after = text.partition(begin)[0], text.partition(end)[2]
        text = f"{before}{begin}\n{table}\n{end}{after}"
    asked.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
