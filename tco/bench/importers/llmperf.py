"""llmperf: ``*_summary.json``. Its ``inter_token_latency_s`` is E2E/n, neither our TPOT nor our ITL, and not read."""

from __future__ import annotations

from tco.bench.importers.draft import Draft, epoch, in_ms, stats
from tco.bench.importers.source import Fields, Source, first, objects
from tco.describe.profile import Stat


def is_summary(source: Source) -> bool:
    """The summary of a run."""
    return first(
        source, lambda held: "results_ttft_s_mean" in held or "results_mean_output_throughput_token_per_s" in held
    )


def summary(source: Source) -> list[Draft]:
    """A closed loop against an API; tokens are counted by a Llama tokenizer, whatever the model."""
    fields = objects(source)[0]
    draft = Draft(
        tool="llmperf", tool_version=fields.text("version"), model=fields.text("model"),
        at=epoch(fields.number("timestamp")), asked_output_tok=fields.positive("mean_output_tokens"), estimated=True,
        notes=["tokens were counted by the client with a Llama tokenizer", "inter_token_latency_s is E2E/n: not read"],
    )  # fmt: skip
    n = fields.count("num_concurrent_requests")
    done, minute = (
        fields.count("results_num_completed_requests"),
        fields.number("results_num_completed_requests_per_min"),
    )
    output_tok = _spread(fields, "number_output_tokens")
    draft.put(
        arrival="closed" if n and n > 1 else "single" if n else "unstated", concurrency=n or None, n_requests=done,
        n_failed=fields.count("results_number_errors"), request_per_s=minute / 60.0 if minute else None,
        duration_s=done * 60.0 / minute if done and minute else None,
        input_tok=_spread(fields, "number_input_tokens").get("mean") or None,
        output_tok=output_tok.get("mean") or None,
        output_tok_per_s=fields.positive("results_mean_output_throughput_token_per_s"),
        ttft_ms=in_ms(_spread(fields, "ttft_s")), e2e_ms=in_ms(_spread(fields, "end_to_end_latency_s")),
    )  # fmt: skip
    return [draft]


def _spread(fields: Fields, name: str) -> dict[Stat, float]:
    start = f"results_{name}_"
    held = {
        key.removeprefix(start).removeprefix("quantiles_"): value
        for key, value in fields.held.items()
        if key.startswith(start)
    }
    return stats(Fields(held, fields.source, start.rstrip("_")))
