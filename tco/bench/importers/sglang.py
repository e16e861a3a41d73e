"""SGLang: ``sglang.bench_serving --output-file``, one object a line, with a bare ``Infinity`` for no rate limit."""

from __future__ import annotations

from tco.bench.importers.draft import Draft, apart, suffixed
from tco.bench.importers.source import Fields, Source, first, objects
from tco.bench.importers.vllm import served


def is_serving(source: Source) -> bool:
    """One or more lines of ``bench_serving``."""
    return first(source, lambda held: {"total_output_tokens_retokenized", "mean_e2e_latency_ms"} <= held.keys())


def serving(source: Source) -> list[Draft]:
    """Every line is a run. Without usage from the server the client takes the length asked for as the length made."""
    return [_run(fields) for fields in objects(source)]


def _run(fields: Fields) -> Draft:
    info = fields.at("server_info")
    draft = Draft(
        tool="sglang bench_serving", model=info.text("model_path"), engine="sglang" if info.held else "",
        engine_version=info.text("version"), asked_output_tok=fields.positive("random_output_len"),
    )  # fmt: skip
    served(fields, draft)
    draft.put(e2e_ms=suffixed(fields, "e2e_latency_ms"))
    lengths = set(fields.numbers("output_lens"))
    counted, again = fields.number("total_output_tokens"), fields.number("total_output_tokens_retokenized")
    if len(lengths) <= 1 and counted and again and apart(counted, again):
        draft.estimated = True
        draft.notes.append(
            f"every answer has the length asked for, but its text has {again:,.0f} tokens, not {counted:,.0f}, by the "
            "client's tokenizer: SGLang assumes the length asked for where the server sends no usage"
        )
    return draft
