"""GuideLLM: the JSON report of 0.3 (no schema number), of schema 1 and of schema 2; one draft a benchmark.

Its ``inter_token_latency_ms`` is our TPOT, its ``time_per_output_token_ms`` is E2E/n and not read.
"""

from __future__ import annotations

from tco.bench.importers.draft import Draft, epoch, in_ms, stats
from tco.bench.importers.source import Fields, Source, first, objects

ARRIVALS = {
    "synchronous": "single", "concurrent": "closed", "throughput": "burst", "constant": "constant",
    "async": "constant", "poisson": "poisson", "replay": "trace",
}  # fmt: skip


def is_report(source: Source) -> bool:
    """A report with a list of benchmarks."""

    def has(held: object) -> bool:
        listed = held.get("benchmarks") if isinstance(held, dict) else None
        return bool(isinstance(listed, list) and listed and isinstance(listed[0], dict) and "metrics" in listed[0])

    return first(source, has)


def report(source: Source) -> list[Draft]:
    """Every benchmark of the report; raises InvalidInputError for a schema that is not known."""
    fields = objects(source)[0]
    about = fields.at("metadata")
    schema = about.count("version")
    if schema not in (None, 1, 2):
        raise about.error("version", f"got schema {schema}; expected none (0.3), 1 or 2; check for a newer tco")
    return [_benchmark(each, about.text("guidellm_version") or "0.3") for each in fields.each("benchmarks")]


def _benchmark(fields: Fields, version: str) -> Draft:
    config = fields.at("config") if "config" in fields else fields.at("args")
    strategy, metrics = config.at("strategy"), fields.at("metrics")
    draft = Draft(
        tool="guidellm", tool_version=version, model=config.at("backend").text("model"),
        at=epoch(fields.number("start_time")),
    )  # fmt: skip
    done = {name: metrics.at(name, "successful") for name in metrics.held if name in _READ}
    found = {name: stats(each) for name, each in done.items()}
    kind = strategy.text("type_")
    streams = strategy.count("streams") or (1 if kind == "synchronous" else None)
    draft.put(
        arrival=ARRIVALS.get(kind, "unstated"), concurrency=streams, request_per_s_asked=strategy.positive("rate"),
        n_requests=_count(fields, metrics, "successful"), n_failed=_count(fields, metrics, "errored"),
        duration_s=fields.positive("duration"), input_tok=found.get("prompt_token_count", {}).get("mean") or None,
        output_tok=found.get("output_token_count", {}).get("mean") or None,
        output_tok_per_s=found.get("output_tokens_per_second", {}).get("mean") or None,
        request_per_s=found.get("requests_per_second", {}).get("mean") or None,
        ttft_ms=found.get("time_to_first_token_ms"), tpot_ms=found.get("inter_token_latency_ms"),
        e2e_ms=in_ms(found.get("request_latency", {})),
    )  # fmt: skip
    if config.held.get("prefer_response_metrics") is False:
        draft.estimated = True
        draft.notes.append("tokens were counted by the client: prefer_response_metrics is false")
    draft.notes += [warning.text("message") for warning in fields.each("warnings") if warning.text("message")]
    return draft


_READ = (
    "prompt_token_count", "output_token_count", "output_tokens_per_second", "requests_per_second",
    "time_to_first_token_ms", "inter_token_latency_ms", "request_latency",
)  # fmt: skip


def _count(fields: Fields, metrics: Fields, how: str) -> int | None:
    for held in (fields, metrics):
        if "request_totals" in held:
            return held.at("request_totals").count(how)
    return metrics.at("request_latency", how).count("count") if how == "successful" else None
