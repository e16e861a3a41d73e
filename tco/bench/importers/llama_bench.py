"""llama.cpp: ``llama-bench`` (JSON, JSON lines, CSV, Markdown) and ``llama-batched-bench`` (JSON lines)."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from tco.bench.importers.draft import Draft, stamp
from tco.bench.importers.source import Fields, Source, first, objects, table
from tco.units import MS_PER_S

ENGINE = "llama.cpp"
CACHES = {"f16": "fp16", "bf16": "bf16", "f32": "fp32", "q8_0": "q8_0", "q4_0": "q4_0"}
_QUANT = re.compile(r"(BF16|F16|F32|I?Q\d\w*(?: - \w+)?|MXFP4\S*)(?: MoE)?$", re.IGNORECASE)
_TEST = re.compile(r"(?:pp(\d+))?\+?(?:tg(\d+))?(?: @ d(\d+))?")
_SPEED = re.compile(r"([\d.]+)\s*(?:±\s*([\d.]+))?")


def is_json(source: Source) -> bool:
    """``-o json`` and ``-o jsonl``."""
    return first(source, lambda held: {"avg_ts", "n_prompt", "n_gen", "build_commit"} <= held.keys())


def is_csv(source: Source) -> bool:
    """``-o csv``."""
    return {"avg_ts", "n_prompt", "n_gen", "build_commit"} <= set(source.header)


def is_markdown(source: Source) -> bool:
    """``-o md``, the default."""
    return any(set(_cells(line)) >= {"model", "test", "t/s"} for line in source.text.splitlines()[:50])


def is_batched(source: Source) -> bool:
    """``llama-batched-bench --output-format jsonl``."""
    return first(source, lambda held: {"pl", "pp", "tg", "speed_pp", "speed_tg"} <= held.keys())


def from_json(source: Source) -> list[Draft]:
    """Every test of the run."""
    return [_test(fields) for fields in objects(source)]


def from_csv(source: Source) -> list[Draft]:
    """Every test of the run."""
    return [_test(fields) for fields in table(source)]


def _test(fields: Fields) -> Draft:
    prompt, made = fields.count("n_prompt") or 0, fields.count("n_gen") or 0
    draft = _draft(fields.text("model_type"), fields.text("model_filename"))
    draft.engine_version = fields.text("build_number") or fields.text("build_commit")
    draft.tool_version = draft.engine_version
    draft.at = stamp(fields.text("test_time"))
    on_gpu = bool(fields.number("n_gpu_layers")) and fields.text("backends").upper() not in ("CPU", "BLAS")
    draft.hardware = fields.text("gpu_info" if on_gpu else "cpu_info")
    caches = {CACHES.get(fields.text(name), fields.text(name)) for name in ("type_k", "type_v") if name in fields}
    draft.kv_dtype = caches.pop() if len(caches) == 1 else ""
    samples = fields.numbers("samples_ts") if isinstance(fields.held.get("samples_ts"), list) else []
    _speeds(draft, prompt, made, fields.number("n_depth") or 0.0, fields.needed("avg_ts"), fields.number("stddev_ts"))
    draft.put(n_repeats=len(samples) or None)
    return draft


def _draft(kind: str, filename: str) -> Draft:
    quant = _QUANT.search(kind)
    stem = PurePosixPath(filename.replace("\\", "/")).name.removesuffix(".gguf")
    return Draft(
        tool="llama-bench", engine=ENGINE, model=stem, dtype=quant[1].replace(" - ", "_") if quant else "", n_gpus=None
    )


def _speeds(draft: Draft, prompt: int, made: int, depth: float, tok_per_s: float, std: float | None) -> None:
    """A test of prompt, of generation, or of both one after the other, whose rate then counts both."""
    draft.put(arrival="single", concurrency=1)
    if made and not prompt:
        draft.put(
            output_tok=float(made), output_tok_per_s=tok_per_s, output_tok_per_s_std=std,
            tpot_ms={"mean": MS_PER_S / tok_per_s}, input_tok=depth or None,
        )  # fmt: skip
        if not depth:
            draft.notes.append("generation from an empty context: the time to read a prompt is not in it")
    elif prompt and not made:
        draft.put(
            input_tok=float(prompt), prefill_tok_per_s=tok_per_s, prefill_tok_per_s_std=std,
            ttft_ms={"mean": prompt / tok_per_s * MS_PER_S},
        )  # fmt: skip
    else:
        duration_s = (prompt + made) / tok_per_s
        draft.put(
            input_tok=float(prompt), output_tok=float(made), total_tok_per_s=tok_per_s,
            output_tok_per_s=made / duration_s if made else None,
        )  # fmt: skip


def from_markdown(source: Source) -> list[Draft]:
    """The table on the terminal: model, size, backend and one speed with its spread a row."""
    found: list[Draft] = []
    names: list[str] = []
    for line, text in enumerate(source.text.splitlines(), 1):
        cells = _cells(text)
        if {"model", "test", "t/s"} <= set(cells):
            names = cells
        elif len(cells) == len(names) and names and not set(text) <= set("|-: "):
            found.append(_markdown(dict(zip(names, cells, strict=True)), source, line))
    build = re.search(r"^build: (\w+) \((\d+)\)", source.text, re.MULTILINE)
    for draft in found:
        draft.engine_version = draft.tool_version = build[2] if build else ""
    return found


def _cells(text: str) -> list[str]:
    return [cell.strip() for cell in text.strip().strip("|").split("|")] if text.lstrip().startswith("|") else []


def _markdown(held: dict[str, str], source: Source, line: int) -> Draft:
    speed, test = _SPEED.fullmatch(held["t/s"]), _TEST.fullmatch(held["test"])
    if speed is None or test is None or not (test[1] or test[2]) or float(speed[1]) <= 0:
        message = f"got test {held['test']!r} at {held['t/s']!r}; expected such as 'pp512' at '123.4 ± 0.5'"
        raise source.error("", message, line=line)
    draft = _draft(held["model"], "")
    std = float(speed[2]) if speed[2] else None
    _speeds(draft, int(test[1] or 0), int(test[2] or 0), float(test[3] or 0), float(speed[1]), std)
    return draft


def batched(source: Source) -> list[Draft]:
    """Prompts of ``pl`` sequences, then their answers in step; ``speed`` counts prompts too and is the total."""
    return [_batched(fields) for fields in objects(source)]


def _batched(fields: Fields) -> Draft:
    n, prompt, made = fields.needed("pl"), fields.needed("pp"), fields.needed("tg")
    if not n.is_integer():
        raise fields.error("pl", f"got {n:g}; expected a whole number")
    prompt_s, made_s = fields.needed("t_pp"), fields.needed("t_tg")
    draft = Draft(tool="llama-batched-bench", engine=ENGINE)
    draft.put(
        arrival="single" if n == 1 else "closed", concurrency=int(n), input_tok=prompt, output_tok=made,
        duration_s=prompt_s + made_s, output_tok_per_s=n * made / (prompt_s + made_s),
        prefill_tok_per_s=fields.positive("speed_pp"), total_tok_per_s=fields.positive("speed"),
        ttft_ms={"mean": prompt_s * MS_PER_S}, tpot_ms={"mean": made_s / made * MS_PER_S},
    )  # fmt: skip
    if fields.number("is_pp_shared"):
        draft.flags.append("all sequences share one prompt (-pps): it is read once, not once for each")
    return draft
