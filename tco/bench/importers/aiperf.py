"""AIPerf (once GenAI-Perf): ``profile_export_aiperf.json`` and ``.csv``, ``profile_export.jsonl``.

The server's own count is ``usage_completion_tokens``; ``output_sequence_length`` is the client's. AIPerf divides
by the client's, so where the two differ rates and TPOT are worked out again. Its ``inter_token_latency`` is our TPOT,
its ``inter_chunk_latency`` our ITL.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tco.bench.importers.draft import Draft, apart, epoch, mean, stamp, stats
from tco.bench.importers.series import quantiles
from tco.bench.importers.source import Fields, Source, first
from tco.describe.profile import Stat

S_PER_NS = 1e-9
MS_TO = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3, "sec": 1e3, "seconds": 1e3}


def is_json(source: Source) -> bool:
    """``profile_export_aiperf.json``."""
    return first(source, lambda held: "request_throughput" in held and isinstance(held["request_throughput"], dict))


def is_jsonl(source: Source) -> bool:
    """``profile_export.jsonl``: one request a line."""
    return first(source, lambda held: {"metadata", "metrics"} <= held.keys() and "benchmarks" not in held)


def is_csv(source: Source) -> bool:
    """``profile_export_aiperf.csv``."""
    return source.header[:2] == ("Metric", "avg")


def from_json(source: Source) -> list[Draft]:
    """The export of a run."""
    fields = Fields(source.whole, source)
    config = fields.at("input_config")
    draft = Draft(
        tool="aiperf" if "aiperf_version" in fields else "genai-perf", tool_version=fields.text("aiperf_version"),
        model=_model(config), at=stamp(fields.text("start_time")),
    )  # fmt: skip
    _fill(draft, {name: fields.at(name) for name, held in fields.held.items() if _is_metric(held)}, "avg")
    phase = next((each for each in config.each("phases") if each.text("kind") != "warmup"), config)
    places = (phase, config.at("loadgen"), config.at("perf_analyzer", "stimulus"))
    concurrency = next((n for each in places if (n := each.count("concurrency"))), None)
    rate = phase.positive("rate") or phase.positive("request_rate")
    draft.put(
        arrival="closed" if concurrency else phase.text("type") if rate and phase.text("type") in _RATES else None,
        concurrency=concurrency or None, request_per_s_asked=rate,
    )  # fmt: skip
    if fields.held.get("was_cancelled") is True or fields.held.get("is_complete") is False:
        draft.flags.append("the run was cancelled or did not complete")
    return [draft]


def _model(config: Fields) -> str:
    """The model as a configuration of any age names it: the first of several."""
    if isinstance(config.held.get("models"), dict):
        items = config.at("models").each("items")
        return items[0].text("name") if items else ""
    endpoint = config.at("endpoint")
    lists = ((endpoint, "model_names"), (config, "model_names"), (config, "model"))
    named = [name for held, key in lists if isinstance(held.held.get(key), list) for name in held.texts(key)]
    return named[0] if named else ""


_RATES = ("constant", "poisson", "gamma")


def _is_metric(held: Any) -> bool:
    return isinstance(held, dict) and "unit" in held


def from_csv(source: Source) -> list[Draft]:
    """The same figures, rounded to two digits, without the model, the date and the load."""
    draft = Draft(tool="aiperf", notes=["a CSV export is rounded; the JSON export holds more"])
    metrics: dict[str, Fields] = {}
    names: tuple[str, ...] = ()
    for line, cells in source.rows:
        if cells[0] == "Metric":
            names = tuple(cells)
        elif len(cells) == len(names):
            label, _, unit = cells[0].partition(" (")
            name = label.lower().replace(" ", "_").replace("-", "_")
            held = dict(zip(names, cells, strict=True)) | {"unit": unit.rstrip(")")}
            held["avg"] = held.get("avg") or held.get("Value", "")
            metrics[name] = Fields(held, source, label, line)
    _fill(draft, metrics, "avg")
    return [draft]


def _fill(draft: Draft, metrics: Mapping[str, Fields], key: str) -> None:
    def value(*names: str) -> float | None:
        return next((found for name in names if name in metrics and (found := metrics[name].positive(key))), None)

    def latency(name: str) -> dict[Stat, float]:
        held = metrics.get(name)
        if held is None:
            return {}
        unit = held.text("unit")
        if unit not in MS_TO:
            raise held.error("unit", f"got {unit!r}; expected one of: {', '.join(MS_TO)}")
        return stats(held, MS_TO[unit])

    n, per_s = value("request_count"), value("request_throughput")
    duration_s = value("benchmark_duration") or (n / per_s if n and per_s else None)
    counted, made = value("total_usage_completion_tokens"), value("total_osl", "total_output_sequence_length")
    made = made or _times(value("output_sequence_length"), n)
    total = counted or made
    prompts = value("total_usage_prompt_tokens") or value("total_isl", "total_input_sequence_length")
    prompts = prompts or _times(value("input_sequence_length"), n)
    draft.put(
        n_requests=int(n) if n else None, duration_s=duration_s, request_per_s=per_s,
        n_failed=int(failed) if (failed := value("error_request_count")) else None,
        input_tok=prompts / n if prompts and n else None, output_tok=total / n if total and n else None,
        output_tok_per_s=total / duration_s if total and duration_s else None,
        ttft_ms=latency("time_to_first_token"), tpot_ms=latency("inter_token_latency"),
        itl_ms=latency("inter_chunk_latency"), e2e_ms=latency("request_latency"),
    )  # fmt: skip
    if counted is None:
        draft.estimated = True
        draft.notes.append("the server sent no usage: tokens were counted by the client's tokenizer")
    elif made and n and apart(counted, made):
        _recount(draft, latency("decode_duration"), metrics.get("usage_completion_tokens"), counted, made)


def _times(mean_tok: float | None, n: float | None) -> float | None:
    return mean_tok * n if mean_tok and n else None


def _recount(draft: Draft, decode_ms: Mapping[Stat, float], usage: Fields | None, counted: float, made: float) -> None:
    """TPOT by the server's count where every answer has the same one; else it is left out."""
    said = f"the server counted {counted:,.0f} output tokens, the client {made:,.0f}: the server's are used"
    each = usage.positive("avg") if usage is not None else None
    draft.row.pop("tpot_ms", None)
    if each and each > 1 and usage is not None and usage.number("min") == usage.number("max") and decode_ms:
        draft.put(tpot_ms={stat: value / (each - 1.0) for stat, value in decode_ms.items()})
    else:
        said += ", and TPOT, which AIPerf divides by the client's, is left out"
    draft.notes.append(said)


def from_jsonl(source: Source) -> list[Draft]:
    """Single requests, put together here; failed ones are counted and left out."""
    held = [Fields(each, source, line=line) for line, each in source.lines]
    kept = [each for each in held if each.at("metadata").text("benchmark_phase") != "warmup"]
    good = [each for each in kept if not each.held.get("error") and "request_latency" in each.at("metrics")]
    if not good:
        raise source.error("", "no request was answered, so nothing was measured")
    draft = Draft(tool="aiperf", at=epoch(_ns(good[0], "request_start_ns") * S_PER_NS))
    start, end = min(_ns(each, "request_start_ns") for each in good), max(_ns(each, "request_end_ns") for each in good)
    duration_s = (end - start) * S_PER_NS
    if duration_s <= 0:
        raise source.error("metadata", "got requests that end before they start; expected request_end_ns after start")
    singles = [_single(each) for each in good]
    output_tok = [each["output"] for each in singles if each["output"]]
    draft.put(
        n_requests=len(good), n_failed=len(kept) - len(good), duration_s=duration_s,
        request_per_s=len(good) / duration_s, input_tok=mean([each["input"] for each in singles if each["input"]]),
        output_tok=mean(output_tok), output_tok_per_s=sum(output_tok) / duration_s or None,
        **{f"{name}_ms": quantiles([each[name] for each in singles if each[name] is not None]) for name in _TIMES},
        itl_ms=quantiles([gap for each in singles for gap in each["gaps"]]),
    )  # fmt: skip
    if not all(each["counted"] for each in singles):
        draft.estimated = True
        draft.notes.append("the server sent no usage: tokens were counted by the client's tokenizer")
    return [draft]


_TIMES = ("ttft", "tpot", "e2e")


def _ns(fields: Fields, name: str) -> float:
    return fields.at("metadata").needed(name)


def _single(fields: Fields) -> dict[str, Any]:
    """Times in ms and counts of one request; the server's count first."""
    metrics = fields.at("metrics")

    def value(name: str) -> float | None:
        held = metrics.at(name)
        return held.number("value") if held.held else None

    def in_ms(name: str) -> float | None:
        held, unit = metrics.at(name), metrics.at(name).text("unit")
        if held.held and unit not in MS_TO:
            raise held.error("unit", f"got {unit!r}; expected one of: {', '.join(MS_TO)}")
        return held.needed("value") * MS_TO[unit] if held.held else None

    counted = value("usage_completion_tokens")
    output = counted or value("output_sequence_length")
    ttft, e2e = in_ms("time_to_first_token"), in_ms("request_latency")
    tpot = (e2e - ttft) / (output - 1) if e2e and ttft is not None and output and output > 1 and e2e > ttft else None
    gaps = metrics.at("inter_chunk_latency")
    return {
        "counted": counted is not None, "output": output, "ttft": ttft, "tpot": tpot, "e2e": e2e,
        "input": value("usage_prompt_tokens") or value("input_sequence_length"),
        "gaps": [gap * MS_TO.get(gaps.text("unit"), math.nan) for gap in gaps.numbers("value")] if gaps.held else [],
    }  # fmt: skip
