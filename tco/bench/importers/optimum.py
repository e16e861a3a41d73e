"""optimum-benchmark: ``benchmark_report.json``; batch, lengths and machine stand in another file, not in it."""

from __future__ import annotations

from tco.bench.importers.draft import Draft, stats
from tco.bench.importers.source import Fields, Source, first, objects
from tco.units import J_PER_KWH, MS_PER_S

UNITS = {"latency": {"s": MS_PER_S, "ms": 1.0}, "throughput": {"tokens/s": 1.0}, "efficiency": {"tokens/kWh": 1.0}}


def is_report(source: Source) -> bool:
    """A report with the phases of text generation."""

    def has(held: object) -> bool:
        phase = held.get("decode") if isinstance(held, dict) else None
        return isinstance(phase, dict) and {"latency", "throughput"} <= phase.keys()

    return first(source, has)


def report(source: Source) -> list[Draft]:
    """Prefill and decode of one batch; energy is of the whole machine as codecarbon saw it."""
    fields = objects(source)[0]
    read, made = fields.at("prefill"), fields.at("decode")
    draft = Draft(tool="optimum-benchmark")
    draft.put(
        arrival="offline", prefill_tok_per_s=_value(read, "throughput"),
        ttft_ms=stats(read.at("latency"), _factor(read, "latency")),
        n_repeats=made.at("latency").count("count") or None,
    )  # fmt: skip
    speed, per_kwh = _value(made, "throughput"), _value(made, "efficiency")
    draft.put(output_tok_per_s=speed, joules_per_tok=J_PER_KWH / per_kwh if per_kwh else None)
    if per_kwh:
        draft.put(energy_reason="decode only; processor, memory and accelerators, as the tool's meter saw them")
    draft.flags.append("the rate counts decoding alone: the time to read prompts is not in it")
    return [draft]


def _value(phase: Fields, name: str) -> float | None:
    held = phase.at(name)
    return held.needed("value") * _factor(phase, name) if held.held else None


def _factor(phase: Fields, name: str) -> float:
    held, known = phase.at(name), UNITS[name]
    unit = held.text("unit")
    if held.held and unit not in known:
        raise held.error("unit", f"got {unit!r}; expected {' or '.join(known)}")
    return known.get(unit, 1.0)
