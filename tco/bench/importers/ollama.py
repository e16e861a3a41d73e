"""Ollama: the last object of ``/api/generate`` or ``/api/chat`` (times in ns), and the CSV of ``ollama-bench``."""

from __future__ import annotations

import re
from statistics import stdev

from tco.bench.importers.draft import Draft, mean, stamp
from tco.bench.importers.source import Fields, Source, first, objects, table
from tco.units import MS_PER_S

S_PER_NS = 1e-9
ENGINE = "ollama"
_ABOUT = re.compile(r"^# Model: (?P<model>\S+) \|.*?Quant: (?P<quant>\S+)", re.MULTILINE)
COLUMNS = ("NAME", "STEP", "COUNT", "NS_PER_COUNT", "TOKEN_PER_SEC")


def is_generate(source: Source) -> bool:
    """One or more final objects."""
    return first(source, lambda held: {"eval_count", "eval_duration", "done"} <= held.keys())


def is_bench(source: Source) -> bool:
    """``ollama-bench -format csv``."""
    return source.header == COLUMNS


def generate(source: Source) -> list[Draft]:
    """One request at a time; the time to load the model is left out."""
    return [_request(fields) for fields in objects(source)]


def _request(fields: Fields) -> Draft:
    n, decode_s = fields.needed("eval_count"), fields.needed("eval_duration") * S_PER_NS
    prompt, prompt_s = fields.positive("prompt_eval_count"), fields.number("prompt_eval_duration")
    draft = Draft(
        tool="ollama", engine=ENGINE, model=fields.text("model"), at=stamp(fields.text("created_at")),
        notes=["one request; the time to load the model is left out"],
    )  # fmt: skip
    draft.put(
        arrival="single", concurrency=1, n_requests=1, input_tok=prompt, output_tok=n,
        tpot_ms={"mean": decode_s / n * MS_PER_S},
    )  # fmt: skip
    if prompt and prompt_s:
        read_s = prompt_s * S_PER_NS
        draft.put(
            duration_s=read_s + decode_s, output_tok_per_s=n / (read_s + decode_s), prefill_tok_per_s=prompt / read_s,
            ttft_ms={"mean": read_s * MS_PER_S},
        )  # fmt: skip
    else:
        draft.put(output_tok_per_s=n / decode_s)
        draft.flags.append("the prompt was not read (cached): the time to read it is not in the rate")
    return draft


def bench(source: Source) -> list[Draft]:
    """One draft a model: prompt and answer are steps of it, repeated."""
    about = {each["model"]: each["quant"] for each in _ABOUT.finditer(source.text)}
    steps: dict[str, dict[str, list[Fields]]] = {}
    for fields in table(source):
        steps.setdefault(fields.text("NAME"), {}).setdefault(fields.text("STEP"), []).append(fields)
    return [_model(name, held, about.get(name, "")) for name, held in steps.items()]


def _model(name: str, steps: dict[str, list[Fields]], quant: str) -> Draft:
    draft = Draft(tool="ollama-bench", engine=ENGINE, model=name, dtype=quant)
    draft.put(arrival="single", concurrency=1)
    read, made = steps.get("prefill", []), steps.get("generate", [])
    if read:
        speeds = [each.needed("TOKEN_PER_SEC") for each in read]
        draft.put(input_tok=mean([each.needed("COUNT") for each in read]), prefill_tok_per_s=mean(speeds))
        draft.put(prefill_tok_per_s_std=_std(speeds), n_repeats=len(speeds))
    if made:
        speeds = [each.needed("TOKEN_PER_SEC") for each in made]
        draft.put(output_tok=mean([each.needed("COUNT") for each in made]), output_tok_per_s=mean(speeds))
        draft.put(output_tok_per_s_std=_std(speeds), n_repeats=len(speeds))
        draft.put(tpot_ms={"mean": MS_PER_S * sum(1 / speed for speed in speeds) / len(speeds)})
        draft.flags.append("the rate counts the answer alone: the time to read the prompt is not in it")
    return draft


def _std(values: list[float]) -> float | None:
    return stdev(values) if len(values) > 1 else None
