"""vLLM: ``vllm bench serve``, ``throughput`` and ``latency``."""

from __future__ import annotations

import math

from tco.bench.importers.draft import Draft, apart, stamp, suffixed
from tco.bench.importers.source import Fields, Source, first, objects

TOOL = "vllm bench"
_COUNTED = (
    "vLLM 0.33 ignores usage in a chunk that has choices and counts with its own tokenizer; "
    "--output N says what each request was asked for"
)


def is_serve(source: Source) -> bool:
    """``vllm bench serve --save-result``."""
    return first(source, lambda held: {"total_output_tokens", "median_ttft_ms", "num_prompts"} <= held.keys())


def is_throughput(source: Source) -> bool:
    """``vllm bench throughput --output-json``."""
    return first(source, lambda held: {"elapsed_time", "total_num_tokens", "tokens_per_second"} <= held.keys())


def is_latency(source: Source) -> bool:
    """``vllm bench latency --output-json``."""
    return first(source, lambda held: {"avg_latency", "latencies", "percentiles"} <= held.keys())


def serve(source: Source) -> list[Draft]:
    """A closed loop or a rate against a server. ``max_concurrent_requests`` counts wrong and is not read."""
    return [_served(fields) for fields in objects(source)]


def _served(fields: Fields) -> Draft:
    draft = Draft(
        tool=f"{TOOL} serve", model=fields.text("model_id"), at=stamp(fields.text("date"), "%Y%m%d-%H%M%S"),
        notes=["the file's clock names no time zone; taken as UTC"],
    )  # fmt: skip
    served(fields, draft)
    _check_chunks(fields, draft)
    return draft


def served(fields: Fields, draft: Draft) -> None:
    """The fields that results of vLLM's client and of those made from it share."""
    n, duration_s = fields.count("completed"), fields.needed("duration")
    total = fields.positive("total_output_tokens")
    rate, concurrency = fields.rate("request_rate"), fields.count("max_concurrency")
    is_rate = rate is not None and math.isfinite(rate)
    if n is not None and n <= 0:
        raise fields.error("completed", "got 0; no request was answered, so nothing was measured")
    asked = fields.count("num_prompts")
    draft.put(
        arrival=arrival(rate, concurrency, fields.number("burstiness")), concurrency=concurrency or None,
        request_per_s_asked=rate if is_rate else None, n_requests=n,
        n_failed=fields.count("failed") if "failed" in fields else _missing(asked, n), duration_s=duration_s,
        input_tok=_each(fields.positive("total_input_tokens"), n), output_tok=_each(total, n),
        output_tok_per_s=total / duration_s if total else None, request_per_s=n / duration_s if n else None,
        goodput_request_per_s=fields.number("request_goodput"), ttft_ms=suffixed(fields, "ttft_ms"),
        tpot_ms=suffixed(fields, "tpot_ms"), itl_ms=suffixed(fields, "itl_ms"), e2e_ms=suffixed(fields, "e2el_ms"),
    )  # fmt: skip


def arrival(rate: float | None, concurrency: int | None, burstiness: float | None) -> str:
    """How requests came: a closed loop where the number in flight is held, else a burst or a rate."""
    if concurrency:
        return "single" if concurrency == 1 else "closed"
    if rate is None:
        return "unstated"
    if math.isinf(rate):
        return "burst"
    return "poisson" if burstiness in (None, 1.0) else "gamma"


def _each(total: float | None, n: int | None) -> float | None:
    return total / n if total and n else None


def _missing(asked: int | None, n: int | None) -> int | None:
    return None if asked is None or n is None else max(asked - n, 0)


def _check_chunks(fields: Fields, draft: Draft) -> None:
    """Flag a count of tokens that the chunks of the streams contradict."""
    gaps, lengths = fields.lists("itls"), fields.numbers("output_lens")
    answered = [(len(each) + 1, length) for each, length in zip(gaps, lengths, strict=False) if length]
    n_chunks, n_tok = sum(chunks for chunks, _ in answered), sum(length for _, length in answered)
    if answered and apart(n_tok, n_chunks):
        draft.flags.append(f"{n_tok:,.0f} tokens were counted in {n_chunks:,} chunks: {_COUNTED}")
    elif not answered and draft.row.get("output_tok"):
        draft.notes.append(f"the count of tokens cannot be checked without the single requests: {_COUNTED}")


def throughput(source: Source) -> list[Draft]:
    """Requests given to the engine all at once. Its tokens per second count prompts too: no output rate follows."""
    fields = objects(source)[0]
    draft = Draft(tool=f"{TOOL} throughput", model=fields.text("model_id"), engine="vllm")
    draft.put(
        arrival="offline", n_requests=fields.count("num_requests"), duration_s=fields.needed("elapsed_time"),
        request_per_s=fields.needed("requests_per_second"), total_tok_per_s=fields.needed("tokens_per_second"),
    )  # fmt: skip
    draft.notes.append("tokens per second count prompt and answer together; --input and --output part them")
    return [draft]


def latency(source: Source) -> list[Draft]:
    """One batch timed whole, in seconds; its size and lengths are not in the file."""
    fields = objects(source)[0]
    held = fields.at("percentiles")
    found = {stat: held.number(name) for stat, name in (("p50", "50"), ("p90", "90"), ("p99", "99"))}
    e2e_s = {"mean": fields.needed("avg_latency")} | {stat: value for stat, value in found.items() if value}
    draft = Draft(tool=f"{TOOL} latency", model=fields.text("model_id"), engine="vllm")
    times = fields.numbers("latencies")
    draft.put(
        arrival="offline", e2e_ms={stat: value * 1e3 for stat, value in e2e_s.items()}, n_repeats=len(times) or None
    )
    draft.notes.append("time of a whole batch; --concurrency, --input and --output say of what")
    return [draft]
