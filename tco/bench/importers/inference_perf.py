"""inference-perf: lifecycle metrics of a stage, of all stages, and of single requests; everything in seconds.

Its ``time_per_output_token`` is our TPOT, ``normalized_time_per_output_token`` is E2E/n and not read.
"""

from __future__ import annotations

from tco.bench.importers.draft import Draft, apart, in_ms, mean, stats
from tco.bench.importers.series import quantiles
from tco.bench.importers.source import Fields, Source, first, objects

TOOL = "inference-perf"
_CLIENT = "tokens were counted by the client's tokenizer, not by the server"


def is_lifecycle(source: Source) -> bool:
    """Metrics of a stage or of all."""
    return first(source, lambda held: {"load_summary", "successes", "failures"} <= held.keys())


def is_requests(source: Source) -> bool:
    """Single requests."""
    return first(source, lambda held: {"start_time", "end_time", "request", "response", "info"} <= held.keys())


def lifecycle(source: Source) -> list[Draft]:
    """One stage is one operating point; a summary over stages is flagged, for it is none."""
    fields = objects(source)[0]
    load, done = fields.at("load_summary"), fields.at("successes")
    rates, times = done.at("throughput"), done.at("latency")
    n = done.count("count")
    if not n:
        raise done.error("count", "got 0; no request was answered, so nothing was measured")
    asked = load.positive("requested_rate")
    counted, by_client = done.at("output_tokens").positive("mean"), done.at("output_len").positive("mean")
    request_per_s = rates.positive("requests_per_sec")
    made = counted or by_client
    draft = Draft(tool=TOOL, estimated=counted is None, notes=[] if counted else [_CLIENT])
    draft.put(
        arrival="unstated", request_per_s_asked=asked, n_requests=n, n_failed=fields.at("failures").count("count"),
        duration_s=n / request_per_s if request_per_s else None, request_per_s=request_per_s,
        input_tok=done.at("prompt_tokens").positive("mean") or done.at("prompt_len").positive("mean"),
        output_tok=made, output_tok_per_s=made * request_per_s if made and request_per_s else None,
        ttft_ms=in_ms(stats(times.at("time_to_first_token"))), itl_ms=in_ms(stats(times.at("inter_token_latency"))),
        tpot_ms=in_ms(stats(times.at("time_per_output_token"))), e2e_ms=in_ms(stats(times.at("request_latency"))),
    )  # fmt: skip
    if counted and by_client and apart(counted, by_client):
        draft.row.pop("tpot_ms", None)
        draft.notes.append(
            f"the server counted {counted:g} tokens an answer, the client {by_client:g}: the server's are used, and "
            "TPOT, which is divided by the client's, is left out"
        )
    if asked is None:
        draft.flags.append("a summary over all stages is no single operating point; import the files of the stages")
    return [draft]


def requests(source: Source) -> list[Draft]:
    """Single requests, put together here; those with an error are counted and left out."""
    held = objects(source)
    good = [each for each in held if not each.held.get("error")]
    if not good:
        raise source.error("", "no request was answered, so nothing was measured")
    start, end = min(each.needed("start_time") for each in good), max(each.needed("end_time") for each in good)
    if end <= start:
        raise source.error("end_time", "got requests that end before they start")
    singles = [_single(each) for each in good]
    output_tok = [n for n, *_ in singles if n]
    draft = Draft(tool=TOOL)
    draft.put(
        arrival="unstated", n_requests=len(good), n_failed=len(held) - len(good), duration_s=end - start,
        request_per_s=len(good) / (end - start), output_tok=mean(output_tok),
        output_tok_per_s=sum(output_tok) / (end - start) or None,
        input_tok=mean([n for each in good if (n := each.at("info").positive("input_tokens") or _usage(each)[1])]),
        ttft_ms=in_ms(quantiles([ttft for _, ttft, *_ in singles if ttft is not None])),
        tpot_ms=in_ms(quantiles([tpot for *_, tpot, _ in singles if tpot is not None])),
        e2e_ms=in_ms(quantiles([e2e for *_, e2e in singles])),
    )  # fmt: skip
    if any(_usage(each)[0] is None for each in good):
        draft.estimated = True
        draft.notes.append(_CLIENT)
    return [draft]


def _usage(fields: Fields) -> tuple[float | None, float | None]:
    usage = fields.at("info", "response_metrics", "server_usage")
    return usage.positive("completion_tokens"), usage.positive("prompt_tokens")


def _single(fields: Fields) -> tuple[float | None, float | None, float | None, float]:
    """Tokens, TTFT, TPOT and E2E of one request, in seconds."""
    answer = fields.at("info", "response_metrics")
    n = _usage(fields)[0] or answer.positive("output_tokens")
    start, end, times = fields.needed("start_time"), fields.needed("end_time"), answer.numbers("chunk_times")
    ttft = times[0] - start if times else None
    tpot = (end - start - ttft) / (n - 1) if ttft is not None and n and n > 1 else None
    return n, ttft, tpot, end - start
