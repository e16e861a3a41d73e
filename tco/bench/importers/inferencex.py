"""InferenceX (once InferenceMAX): results whose latencies carry no unit. Only the option says which it is."""

from __future__ import annotations

import math
from typing import Literal

from tco.bench.importers.draft import Draft, stamp, suffixed
from tco.bench.importers.source import Fields, Source, first, objects
from tco.bench.importers.vllm import served
from tco.units import MS_PER_S

LatencyUnit = Literal["s", "ms"]
TO_MS: dict[LatencyUnit, float] = {"s": MS_PER_S, "ms": 1.0}
FAR = 10.0  # a latency that many times off what throughput and concurrency imply is in another unit


def is_run(source: Source) -> bool:
    """A result of its benchmark client with bare names, ``median_ttft``."""
    return first(source, lambda held: {"median_ttft", "total_output_tokens", "duration"} <= held.keys())


def is_aggregate(source: Source) -> bool:
    """A result with the machine added and throughput divided by the GPUs."""
    return first(source, lambda held: {"hw", "conc", "tput_per_gpu"} <= held.keys())


def run(source: Source, unit: LatencyUnit | None) -> list[Draft]:
    """One run a file; raises InvalidInputError where nobody states the unit of its latencies."""
    return [_run(fields, unit) for fields in objects(source)]


def _run(fields: Fields, unit: LatencyUnit | None) -> Draft:
    draft = Draft(
        tool="inferencex", model=fields.text("model_id"), at=stamp(fields.text("date"), "%Y%m%d-%H%M%S"),
        notes=["the file's clock names no time zone; taken as UTC"],
    )  # fmt: skip
    served(fields, draft)
    _latencies(fields, draft, unit)
    return draft


def aggregate(source: Source, unit: LatencyUnit | None) -> list[Draft]:
    """One run an object; throughput is a GPU's and multiplied by their number here."""
    return [_aggregate(fields, unit) for fields in objects(source)]


def _aggregate(fields: Fields, unit: LatencyUnit | None) -> Draft:
    n_gpus = fields.count("tp") or 0
    if n_gpus < 1:
        raise fields.error("tp", "got 0; expected how many GPUs share the model")
    draft = Draft(
        tool="inferencex", model=fields.text("model"), hardware=fields.text("hw").split("-")[0],
        dtype=fields.text("precision"), engine=fields.text("framework"), n_gpus=n_gpus,
    )  # fmt: skip
    output, total = fields.positive("output_tput_per_gpu"), fields.needed("tput_per_gpu")
    draft.put(
        arrival="closed", concurrency=fields.count("conc") or None, total_tok_per_s=total * n_gpus,
        output_tok_per_s=output * n_gpus if output else None,
    )  # fmt: skip
    _latencies(fields, draft, unit)
    return draft


def _latencies(fields: Fields, draft: Draft, unit: LatencyUnit | None) -> None:
    if unit is None:
        said = f"median_ttft {fields.number('median_ttft'):g}" if "median_ttft" in fields else "its latencies"
        raise fields.error("median_ttft", f"{said} has no unit: s or ms? state it with --latency-unit")
    factor = TO_MS[unit]
    for name, field in (("ttft", "ttft_ms"), ("tpot", "tpot_ms"), ("itl", "itl_ms"), ("e2el", "e2e_ms")):
        draft.put(**{field: suffixed(fields, name, factor)})
    _check(fields, draft, unit)


def _check(fields: Fields, draft: Draft, unit: LatencyUnit) -> None:
    """By Little's law a request takes concurrency over requests a second; another power of ten is another unit."""
    asked, rate, e2e = draft.row.get("concurrency"), draft.row.get("request_per_s"), draft.row.get("e2e_ms", {})
    whole_ms = e2e.get("mean") or e2e.get("p50")
    if not (asked and rate and whole_ms):
        return
    implied_ms = asked / rate * MS_PER_S
    if abs(math.log10(whole_ms / implied_ms)) > math.log10(FAR):
        message = (
            f"in {unit} a request takes {whole_ms:,.4g} ms, but {asked} at once and {rate:.4g} a second "
            f"take {implied_ms:,.4g} ms each; the unit is another"
        )
        raise fields.error("median_e2el", message)
