"""Which tool wrote a file: told from what it holds, never from its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tco.bench.importers import (
    aiperf,
    bandwidth,
    energy,
    guidellm,
    inference_perf,
    inferencex,
    llama_bench,
    llmperf,
    mlenergy,
    ollama,
    optimum,
    sglang,
    vllm,
)
from tco.bench.importers.draft import Draft
from tco.bench.importers.inferencex import LatencyUnit
from tco.bench.importers.source import Source, first, parse
from tco.errors import UsageError

Test = Callable[[Source], bool]
Reader = Callable[[Source, LatencyUnit | None], list[Draft]]


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file: how to tell it and how to read it."""

    is_it: Test
    read: Reader


def _plain(read: Callable[[Source], list[Draft]]) -> Reader:
    return lambda source, _unit: read(source)


# In this order: a file that fits several is the first of them.
FORMATS: Mapping[str, Format] = MappingProxyType({
    "mlenergy": Format(mlenergy.is_results, _plain(mlenergy.results)),
    "mlenergy-task": Format(mlenergy.is_task, _plain(mlenergy.task)),
    "sglang": Format(sglang.is_serving, _plain(sglang.serving)),
    "vllm-serve": Format(vllm.is_serve, _plain(vllm.serve)),
    "vllm-throughput": Format(vllm.is_throughput, _plain(vllm.throughput)),
    "vllm-latency": Format(vllm.is_latency, _plain(vllm.latency)),
    "inferencex": Format(inferencex.is_run, inferencex.run),
    "inferencex-aggregate": Format(inferencex.is_aggregate, inferencex.aggregate),
    "guidellm": Format(guidellm.is_report, _plain(guidellm.report)),
    "aiperf-json": Format(aiperf.is_json, _plain(aiperf.from_json)),
    "aiperf-csv": Format(aiperf.is_csv, _plain(aiperf.from_csv)),
    "aiperf-jsonl": Format(aiperf.is_jsonl, _plain(aiperf.from_jsonl)),
    "inference-perf": Format(inference_perf.is_lifecycle, _plain(inference_perf.lifecycle)),
    "inference-perf-requests": Format(inference_perf.is_requests, _plain(inference_perf.requests)),
    "llama-bench": Format(llama_bench.is_json, _plain(llama_bench.from_json)),
    "llama-bench-csv": Format(llama_bench.is_csv, _plain(llama_bench.from_csv)),
    "llama-bench-md": Format(llama_bench.is_markdown, _plain(llama_bench.from_markdown)),
    "llama-batched-bench": Format(llama_bench.is_batched, _plain(llama_bench.batched)),
    "ollama": Format(ollama.is_generate, _plain(ollama.generate)),
    "ollama-bench": Format(ollama.is_bench, _plain(ollama.bench)),
    "llmperf": Format(llmperf.is_summary, _plain(llmperf.summary)),
    "optimum-benchmark": Format(optimum.is_report, _plain(optimum.report)),
    "nvbandwidth": Format(bandwidth.is_nvbandwidth, _plain(bandwidth.nvbandwidth)),
    "babelstream": Format(bandwidth.is_babelstream, _plain(bandwidth.babelstream)),
    "zeus": Format(energy.is_zeus, _plain(energy.zeus)),
    "codecarbon": Format(energy.is_codecarbon, _plain(energy.codecarbon)),
})  # fmt: skip

# Files beside the results that hold no operating point, and why.
REFUSED: tuple[tuple[Test, str], ...] = (
    (
        lambda source: source.text.lstrip().startswith(("data:", "event:", ":")),
        "a raw stream of a server: it has no times in it, so it measures nothing; import the client's results",
    ),
    (
        lambda source: source.text.startswith("# HELP") or "\n# TYPE " in source.text[:2000],
        "counters of a server since it started: no single operating point; import the client's results",
    ),
    (
        lambda source: first(source, lambda held: "metrics" in held and "summary" in held and "metadata" not in held),
        "metrics of a server beside a run; import the export of the run itself",
    ),
    (
        lambda source: first(source, lambda held: held.keys() <= {"detail", "error", "message", "object"}),
        "an error message of a server, not a result",
    ),
)  # fmt: skip


def drafts(source: Source, *, name: str | None, unit: LatencyUnit | None) -> tuple[str, list[Draft]]:
    """The format of a file and what it states.

    Raises UsageError for a format nobody knows and InvalidInputError where the file fits none or is damaged.
    """
    if name is not None and name not in FORMATS:
        raise UsageError(f"--format: got {name!r}; expected one of: {', '.join(FORMATS)}")
    found = name or detected(source)
    held = FORMATS[found].read(source, unit)
    if not held:
        raise source.error("", f"no measurement in it, read as {found}")
    for draft in held:
        draft.format = found
    return found, held


def detected(source: Source) -> str:
    """The format a file's contents fit; raises InvalidInputError saying what is wrong where none fits."""
    found = next((name for name, each in FORMATS.items() if each.is_it(source)), None)
    if found is not None:
        return found
    why = next((why for test, why in REFUSED if test(source)), "")
    if why:
        raise source.error("", why)
    if source.text.lstrip()[:1] in "{[" and not source.lines:
        parse(source.text, source.path)  # damaged JSON says where
    raise source.error("", f"no known benchmark result; formats: {', '.join(FORMATS)}")
